# A server on a socket of its own, its benchmark, a snapshot by a forked child, and a second server
# that reads that snapshot.
set -eu
dir=$(mktemp -d "$PWD/redis.XXXXXX")
trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
cli="redis-cli -s $dir/socket"
serve() {
    redis-server --port 0 --unixsocket "$dir/socket" --dir "$dir" --save '' --daemonize no \
        --activedefrag no --io-threads 2 --logfile "$dir/log" &
    server=$!
    until $cli ping >/dev/null 2>&1; do kill -0 $server; sleep 0.1; done
}
# Of every key and its value.
digest() {
    $cli eval 'local all = redis.call("keys", "*")
        table.sort(all)
        local function value(key)
            local kind = redis.call("type", key).ok
            if kind == "string" then return { redis.call("get", key) } end
            if kind == "list" then return redis.call("lrange", key, 0, -1) end
            if kind == "zset" then return redis.call("zrange", key, 0, -1, "withscores") end
            local fields = redis.call(kind == "hash" and "hgetall" or "smembers", key)
            table.sort(fields)
            return fields
        end
        for i, key in ipairs(all) do
            all[i] = redis.sha1hex(key .. " " .. table.concat(value(key), " "))
        end
        return redis.sha1hex(table.concat(all))' 0
}
serve
redis-benchmark -s "$dir/socket" -q -n 20000 -c 20 -P 4 \
    -t ping,set,get,incr,lpush,rpush,lpop,sadd,hset,zadd,lrange_100,mset >"$dir/bench"
tr '\r' '\n' <"$dir/bench" | grep -c 'requests per second, p50'
$cli flushall
awk 'BEGIN { for (i = 0; i < 20000; i++) { n = i * 7919 % 501
    printf "set key:%d word%d\r\nrpush list:%d %d\r\nhset hash:%d f%d v%d\r\nzadd sorted %d word%d\r\n",
        i, n, n, i, n, i, i, n * i % 1009, i } }' | $cli --pipe | tail -n 1
digest
$cli bgsave
until $cli info persistence | grep -q rdb_bgsave_in_progress:0; do sleep 0.1; done
$cli bgrewriteaof >/dev/null
$cli del sorted
$cli eval 'for i = 1, 10000 do redis.call("del", "key:" .. i) end return redis.call("dbsize")' 0
$cli shutdown nosave
wait $server && echo "ended well"
serve
$cli dbsize
$cli zcard sorted
digest
$cli shutdown nosave
wait $server && echo "ended well"
