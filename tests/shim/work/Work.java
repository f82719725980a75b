// Threads, garbage for the Java collector, compression, exceptions and a child process.
import java.nio.ByteBuffer;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import java.util.zip.*;

public class Work {
    static long tree(int depth) {
        Object[] node = make(depth);
        return count(node);
    }

    static Object[] make(int depth) {
        return depth == 0 ? new Object[2] : new Object[] {make(depth - 1), make(depth - 1)};
    }

    static long count(Object[] node) {
        return node[0] == null ? 1 : 1 + count((Object[]) node[0]) + count((Object[]) node[1]);
    }

    static long pack(int n) throws Exception {
        byte[] data = new byte[200000];
        for (int i = 0; i < data.length; i++)
            data[i] = (byte) (i * n >> 5);
        Deflater deflater = new Deflater(6);
        deflater.setInput(data);
        deflater.finish();
        byte[] packed = new byte[data.length];
        int length = deflater.deflate(packed);
        deflater.end();
        Inflater inflater = new Inflater();
        inflater.setInput(packed, 0, length);
        byte[] again = new byte[data.length];
        inflater.inflate(again);
        inflater.end();
        CRC32 sum = new CRC32();
        sum.update(again);
        return sum.getValue();
    }

    static int overflow(int n) {
        return overflow(n + 1) + 1;
    }

    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> answers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            int n = i;
            answers.add(pool.submit(() -> tree(14) + pack(n)));
        }
        long sum = 0;
        for (Future<Long> answer : answers)
            sum += answer.get();
        pool.shutdown();
        System.out.println(sum);

        for (int i = 0; i < 500; i++) {
            Thread thread = new Thread(() -> ByteBuffer.allocateDirect(10000).putInt(7));
            thread.start();
            thread.join();
        }
        Map<String, Integer> words = new TreeMap<>();
        for (int i = 0; i < 300000; i++)
            words.merge("word" + i * 7919 % 501, 1, Integer::sum);
        System.out.println(words.hashCode() + " "
            + IntStream.range(0, 100000).parallel().mapToObj(Integer::toString)
                  .collect(Collectors.joining()).hashCode());
        try {
            overflow(0);
        } catch (StackOverflowError e) {
            System.out.println("deep");
        }
        try {
            System.out.println(((Object) words).hashCode() + ((String) null).length());
        } catch (NullPointerException e) {
            System.out.println("null");
        }
        System.gc();
        Process child = new ProcessBuilder("echo", "from a child").start();
        System.out.println(new String(child.getInputStream().readAllBytes()).trim()
            + " " + child.waitFor());
    }
}
