set pagination off
set confirm off
set print thread-events off
set print inferior-events off
set debuginfod enabled off
handle SIGUSR1 nostop print pass
break deep if depth == 0
commands
silent
backtrace 12
print *list
print $_siginfo.si_signo
up 3
info locals
cont
end
run
