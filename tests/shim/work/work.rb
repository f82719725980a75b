# Threads, fibers, forks, JSON, strings, and Ruby's own collector.
require 'json'
require 'digest'
require 'digest/sha1' # the loading by name is a race between threads
require 'set'

rows = (0...4000).map { |i| { 'id' => i, 'name' => "word#{i * 7919 % 501}", 'list' => [i] * (i % 9) } }
text = JSON.generate(rows)
puts Digest::SHA256.hexdigest(JSON.pretty_generate(JSON.parse(text)))
puts rows.group_by { |r| r['name'] }.map { |k, v| [v.size, k] }.max.inspect

queue = Queue.new
sums = Array.new(4) { {} }
threads = sums.map do |sum|
  Thread.new do
    while (row = queue.pop)
      sum[row['id']] = Digest::SHA1.hexdigest(JSON.generate(row) * 5)
    end
  end
end
rows.each { |row| queue << row }
threads.size.times { queue << nil }
threads.each(&:join)
puts Digest::SHA256.hexdigest(sums.reduce(:merge).sort.inspect)

300.times { |n| Thread.new { Thread.current[:n] = 'x' * n }.join }

fibers = (0...500).map do |n|
  Fiber.new do
    text = +''
    10.times { |i| Fiber.yield(text << (n * i).to_s) }
    text.size
  end
end
puts (0...11).map { |_| fibers.map(&:resume).last }.inspect
puts Enumerator.new { |y| 1000.times { |i| y << i * i } }.lazy.select(&:even?).first(20).sum

20.times { |i| GC.start; GC.compact if i % 10 == 0 && GC.respond_to?(:compact) }
puts (1..400).reduce(:*).to_s.size
puts text.scan(/word(\d+)/).map { |m| m[0].to_i }.to_set.size
puts `echo from a child`, $?.exitstatus
pid = fork { GC.start; puts rows.size; $stdout.flush; exit!(3) }
Process.wait(pid)
puts $?.exitstatus
at_exit { puts 'at exit' }
