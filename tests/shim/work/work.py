"""Numbers, texts, threads, processes, sqlite and regular expressions of Python."""
import collections, concurrent.futures, ctypes, decimal, hashlib, json, multiprocessing, os
import pickle, re, sqlite3, subprocess, sys, threading, zlib


def digest(what):
    return hashlib.sha256(repr(what).encode()).hexdigest()


def rows(n):
    return [{"id": i, "name": f"word{i * 7919 % 501}", "list": [i] * (i % 9)} for i in range(n)]


def square(n):
    return sum(r["id"] ** 2 for r in rows(n))


def main():
    table = rows(5000)
    print(digest(json.loads(json.dumps(table))), digest(pickle.loads(pickle.dumps(table))))
    text = " ".join(r["name"] for r in table)
    print(len(re.findall(r"\bword(\d*[13579])\b", text)), collections.Counter(text.split()).most_common(3))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(digest(list(pool.map(lambda n: zlib.compress(text.encode()[n:]), range(20)))))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sum(pool.map(square, range(0, 2000, 100))))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(sum(pool.map(square, range(0, 2000, 400))))
    decimal.getcontext().prec = 500
    print(decimal.Decimal(2).sqrt())
    base = sqlite3.connect(":memory:")
    base.execute("create table t(a, b)")
    base.executemany("insert into t values(?, ?)", [(r["id"], r["name"]) for r in table])
    print(base.execute("select b, count(*) from t group by b order by 2 desc, 1").fetchmany(3))
    for n in range(100):
        thread = threading.Thread(target=bytearray, args=(n * 1000,))
        thread.start()
        thread.join()
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 1000)(*(i * 7919 % 1009 for i in range(1000)))
    ctypes.CDLL(None).qsort(numbers, 1000, 4, compare(lambda a, b: a[0] - b[0]))
    print(list(numbers) == sorted(numbers), subprocess.check_output(["echo", "from a child"]))
    pid = os.fork()
    if pid == 0:
        os._exit(len(rows(100)) % 50 + 5)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
