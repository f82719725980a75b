<?php
// Arrays, strings, regular expressions, JSON, generators, closures and cycles of objects.
$rows = [];
for ($i = 0; $i < 20000; $i++)
    $rows[] = ['id' => $i, 'name' => 'word' . ($i * 7919 % 501), 'list' => range(0, $i % 9)];
echo md5(json_encode(json_decode(json_encode($rows), true), JSON_PRETTY_PRINT)), "\n";
usort($rows, fn($a, $b) => [$a['name'], $a['id']] <=> [$b['name'], $b['id']]);
echo $rows[1234]['id'], ' ', md5(serialize($rows)), "\n";
$text = implode(' ', array_column($rows, 'name'));
echo preg_match_all('/\bword(\d*[13579])\b/', $text, $found), ' ', count(array_unique($found[1])), "\n";
echo md5(preg_replace_callback('/\d+/', fn($m) => strrev($m[0]), $text)), "\n";

class Node
{
    public $other, $text;
    function __construct($text) { $this->text = str_repeat($text, 10); }
}
for ($i = 0; $i < 50000; $i++) {
    $a = new Node("a$i");
    $a->other = new Node("b$i");
    $a->other->other = $a;
}
echo $a->other->other->text, ' ', gc_collect_cycles() >= 0 ? 'collected' : '', "\n";
function squares($n) { for ($i = 0; $i < $n; $i++) yield $i => $i * $i; }
$sum = 0;
foreach (squares(10000) as $i => $square) $sum += $i ^ $square;
echo $sum, "\n";
$fibers = [];
for ($i = 0; $i < 200; $i++) {
    $fibers[$i] = new Fiber(function ($x) { while (true) $x .= Fiber::suspend(strlen($x)); });
    $fibers[$i]->start("$i");
}
for ($round = $sum = 0; $round < 20; $round++)
    foreach ($fibers as $fiber) $sum += $fiber->resume('more');
echo $sum, "\n";
echo strlen(gzuncompress(gzcompress(str_repeat($text, 3), 9))), ' ', trim(shell_exec('echo child')), "\n";
