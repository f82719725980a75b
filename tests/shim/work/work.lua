-- Tables, strings, coroutines, closures and Lua's own collector.
local rows = {}
for i = 0, 10000 do
    rows[#rows + 1] = { id = i, name = "word" .. i * 7919 % 501, list = { i, i + 1 } }
end
table.sort(rows, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return a.id < b.id
end)
print(rows[1].id, rows[777].id, #rows)
local parts = {}
for i, row in ipairs(rows) do parts[i] = row.name .. ":" .. row.id end
local text = table.concat(parts, ",")
local n = 0
for word in text:gmatch("word(%d+):") do n = (n * 31 + tonumber(word)) % 1000003 end
print(#text, n, (text:gsub("%d+", "")):sub(1, 40))
local makers = {}
for i = 1, 1000 do
    makers[i] = coroutine.wrap(function(s)
        while true do s = coroutine.yield(s .. i) end
    end)
end
local total = 0
for round = 1, 20 do
    for _, maker in ipairs(makers) do total = total + #maker("abc" .. round) end
end
print(total)
collectgarbage("generational")
for i = 1, 60000 do local t = { i, tostring(i), { i } } end
collectgarbage("incremental")
collectgarbage()
print(select(2, pcall(error, { code = 7 })).code, pcall(string.rep, "x", -1))
setmetatable({}, { __gc = function() io.write("closed\n") end })
print(io.popen("echo from a child"):read("a"))
