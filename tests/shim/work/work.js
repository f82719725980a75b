// JSON, promises, buffers, workers, child processes and V8's own collector.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { createHash, randomBytes } = require('crypto');
const { execFile } = require('child_process');
const { promisify } = require('util');
const zlib = require('zlib');
const fs = require('fs');

const sha = (data) => createHash('sha256').update(data).digest('hex');
const makeRows = (n, seed) => Array.from({ length: n }, (_, i) =>
    ({ id: i, name: `word${(i * 7919 + seed) % 501}`, list: new Array(i % 9).fill(i) }));

if (!isMainThread) {
    const rows = makeRows(20000, workerData);
    const buffers = [];
    for (let i = 0; i < 2000; i++)
        buffers.push(Buffer.alloc(1 + (i * 37) % 20000, i & 255));
    parentPort.postMessage(sha(JSON.stringify(rows)) + sha(Buffer.concat(buffers)));
} else {
    main().then(() => console.log('done'));
}

async function main() {
    const rows = makeRows(50000, 0);
    console.log(sha(JSON.stringify(JSON.parse(JSON.stringify(rows)))));
    for (let round = 0; round < 3; round++) {
        const answers = await Promise.all([1, 2, 3, 4].map((n) => new Promise((resolve, reject) => {
            const worker = new Worker(__filename, { workerData: n });
            worker.on('message', resolve);
            worker.on('error', reject);
        })));
        console.log(sha(answers.join()));
    }
    const packed = await promisify(zlib.gzip)(JSON.stringify(rows));
    console.log((await promisify(zlib.gunzip)(packed)).length);
    const deflated = await Promise.all(Array.from({ length: 40 }, (_, i) =>
        promisify(zlib.deflate)(Buffer.alloc(100000, `${i} and so on `))));
    console.log(deflated.map((d) => d.length).reduce((a, b) => a + b));
    const texts = await Promise.all(Array.from({ length: 50 }, () => fs.promises.readFile(__filename, 'utf8')));
    console.log(new Set(texts).size);
    let sum = 0;
    for (let i = 0; i < 300000; i++) {
        const tree = { left: { n: i }, right: [i, `${i}`] };
        sum += tree.right[1].length;
    }
    console.log(sum, randomBytes(100000).length);
    const { stdout } = await promisify(execFile)('echo', ['from a child']);
    console.log(stdout.trim());
    const map = new Map(rows.map((r) => [r.name + r.id, r]));
    console.log(map.size, [...map.keys()].sort()[777]);
}
