# Hashes, sorts, regular expressions, threads where there are any, forks and evals.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use Storable qw(freeze thaw);
use Config;
use JSON::PP;

my @rows = map { { id => $_, name => 'word' . ($_ * 7919 % 501), list => [($_) x ($_ % 9)] } } 0 .. 999;
my $json = JSON::PP->new->canonical;
my $text = $json->encode(\@rows);
print sha256_hex($json->encode($json->decode($text))), "\n";
print sha256_hex($json->encode(thaw(freeze(\@rows)))), "\n";
my %names;
push @{ $names{ $_->{name} } }, $_->{id} for @rows;
print join(',', map { scalar @{ $names{$_} } } sort keys %names), "\n";
(my $upper = $text) =~ s/word(\d+)/uc("w$1") . length($1)/ge;
print sha256_hex($upper), " ", scalar(() = $text =~ /\d(?=\d*[13579]\b)/g), "\n";
for my $n (1 .. 100) {
    my $function = eval "sub { my \$x = shift; return \$x * $n + length('" . 'x' x $n . "') }";
    print $function->($n), ' ';
}
print "\n";
if ($Config{useithreads}) {
    require threads;
    my @threads = map {
        my $n = $_;
        threads->create(sub { my %h = map { $_ => "x" x $n } 1 .. 500; return scalar(keys %h) + $n })
    } 1 .. 6;
    print join(',', map { $_->join } @threads), "\n";
}
$| = 1;
for my $n (1 .. 5) {
    my $pid = fork;
    if ($pid == 0) { my @x = map { "$_" x $n } 1 .. 1000; exit($n + @x % 7) }
    waitpid $pid, 0;
    print $? >> 8, "\n";
}
print `echo from a child`;
