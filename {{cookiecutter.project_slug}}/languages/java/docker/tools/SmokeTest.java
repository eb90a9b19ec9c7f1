import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Starts the service as the image does, asks it, and stops it. Part of the template: an update replaces it.
 *
 * <p>The first start makes the AOT cache, the second one proves it: with the memory that docker/limits.env gives the
 * service, with the settings of docker/smoke-test.env, by the requests of docker/smoke-test.txt.
 */
public final class SmokeTest {
    private static final Path DOCKER = Path.of("/docker");
    private static final String PORT = "8080";
    private static final int START_SECONDS = 120; // a start that is recorded takes longer, on an emulated machine above all
    // A service that is not expected to start is watched until it does nothing for a while.
    private static final int IDLE_SECONDS = 3;
    private static final int WATCH_SECONDS = 30;
    private static final int READ_SECONDS = 30;
    private static final int STOP_SECONDS = 300; // the end of the first start writes the AOT cache
    private static final String WITHOUT = "If it cannot start without something from outside, such as a database, write the line"
            + " skip REASON to docker/smoke-test.txt";

    private static final String WITHOUT_SHELL = Files.exists(Path.of("/bin/sh")) ? "The reason is above"
            : "The reason is above. A native library that runs commands by a shell (popen, system) finds none in this image: look"
                    + " for a setting of the library to do without, or take a base that has one, as README.md says";

    private static final Pattern UNWRITTEN = Pattern.compile("AccessDeniedException: (?!/proc/|/sys/)([^\\s:]+)"
            + "|(?<!\\S)(?!/proc/|/sys/)([^\\s:]+) \\((?:Permission denied|Read-only file system)\\)|(?i:create .{0,20}director(?:y|ies)).{0,10}?(/app/[^\\s\\]]+)");

    /** Where the JVM's report of a crash names a native library, and the first method of Java, which is in the next list. */
    private static final Pattern FRAME = Pattern.compile("(?m)^C +\\[([^+\\]]+)\\+");
    private static final Pattern METHOD = Pattern.compile("(?m)^[jJ] +(?:\\d.*? )?([\\w.$]+)\\(");

    /** The head of a stack trace, or one of its causes. */
    private static final Pattern THROWABLE = Pattern.compile("(?:^|[ \"])(?:[a-z_]\\w*\\.)+[A-Z][\\w$]*(?:Exception|Error)\\b");
    /** Throwables that are the image's fault, whatever is missing outside of it. */
    private static final Pattern IMAGE_FAULT = Pattern.compile("java\\.lang\\.(?:NoClassDefFoundError(?!: Could not initialize)"
            + "|ClassNotFoundException|UnsatisfiedLinkError|NoSuchMethodError|NoSuchFieldError|UnsupportedClassVersionError"
            + "|module\\.\\w+Exception)|java\\.nio\\.file\\.(?:AccessDenied|ReadOnlyFileSystem|ProviderNotFound)Exception"
            + "|: Read-only file system|java\\.io\\.FileNotFoundException: .*\\((?:Permission denied|Read-only file system)\\)"
            + "|java\\.io\\.IOException: (?:Permission denied|Cannot run program|Exec failed|error=)"
            + "|^Error: (?:Could not create the Java Virtual Machine|A fatal exception has occurred)");
    private static final Pattern NAME = Pattern.compile("[\\w@./-]*[./][\\w@./-]*\\w");
    /** 128 and SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
    private static final Set<Integer> CRASHES = Set.of(132, 133, 134, 135, 136, 139, 159);

    private final Map<String, String> limits = settings("limits.env");
    private final Map<String, String> environment = settings("smoke-test.env");
    private final List<Request> requests = new ArrayList<>();
    private final Path cache;

    /** A line of docker/smoke-test.txt. */
    private record Request(String path, int status, String text) {}

    private record Answer(int status, String body) {}

    private SmokeTest(Path cache) throws IOException {
        this.cache = cache;
        environment.putAll(Map.of("PORT", PORT, "HOME", "/tmp", "LANG", "C.UTF-8"));
        // Every container has HOSTNAME, and this build step does not.
        environment.putIfAbsent("HOSTNAME", Files.readString(Path.of("/proc/sys/kernel/hostname")).strip());
    }

    public static void main(String[] arguments) throws Exception {
        new SmokeTest(Path.of(arguments[0])).run();
    }

    private void run() throws Exception {
        for (String line : lines("smoke-test.txt")) {
            String[] words = line.split("\\s+", 3);
            if (words[0].equals("skip")) {
                makeSmallCache();
                String reason = line.substring("skip".length()).strip().replaceFirst("\\.$", "");
                System.out.println("smoke-test: skipped: " + reason + ". So it is not proven that the service starts in its image."
                        + " Without what it needs, it " + watch(reason));
                return;
            }
            if (words.length < 2 || !words[0].startsWith("/") || !words[1].matches("[1-5]\\d\\d")) {
                fail("the line \"" + line + "\" is not PATH STATUS [TEXT]", "Edit docker/smoke-test.txt");
            }
            requests.add(new Request(words[0], Integer.parseInt(words[1]), words.length > 2 ? words[2].strip() : ""));
        }
        serve(training());
        if (!Files.exists(cache)) {
            System.out.println("smoke-test: a service that ends without the JVM's own exit leaves no AOT cache; its start takes longer.");
            makeSmallCache();
        }
        serve(List.of("-XX:AOTCache=" + cache));
        System.out.println("smoke-test: passed");
    }

    /**
     * The cache holds classes, but no profiles of methods: after a few requests the JVM would take all that a start runs
     * for hot, and its best compiler would work on that in each start (0.5 s of processor time, 30 MB of memory).
     */
    private List<String> training() {
        return List.of(
                "-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTRecordTraining", "-XX:TieredStopAtLevel=1", "-XX:AOTCacheOutput=" + cache);
    }

    /** The JVM's own classes are worth a cache, too. (It reports that nothing is listening.) */
    private void makeSmallCache() throws Exception {
        Process check = java("HealthCheck", training());
        check.getInputStream().readAllBytes();
        check.waitFor();
    }

    private void serve(List<String> options) throws Exception {
        Path log = Path.of("/tmp/smoke-test.log");
        Process service = java("@/app/main-class", options, log);
        try {
            awaitHealth(service);
            checkAddress();
            for (Request request : requests) {
                ask(request, service);
            }
            if (Files.exists(cache)) {
                checkHealth();
            }
            service.destroy(); // SIGTERM
            if (!service.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                throw new Failure("the service does not end on SIGTERM", "Let it end within ten seconds");
            }
            // 143 is 128 + SIGTERM: what the JVM exits with unless the service says otherwise.
            if (service.exitValue() != 0 && service.exitValue() != 143) {
                throw new Failure("the service ends with " + service.exitValue() + " on SIGTERM", "Let it end with 0");
            }
        } catch (Failure failure) {
            service.destroyForcibly().waitFor();
            String said = said(log);
            // (The JVM that writes the AOT cache repeats the class path.)
            System.err.println(said.replaceAll("(?m)^Picked up JAVA_TOOL_OPTIONS: .*\\R", "").stripTrailing());
            fail(failure.getMessage(), unwritten(said).map(path -> "It tried to write " + path + ", but a container may write below"
                    + " /tmp only: let a setting name another place, for this start in docker/smoke-test.env").orElse(failure.advice));
        }
        unwritten(said(log)).ifPresent(path -> System.out.println("smoke-test: the service could not write " + path
                + ", as its log says: a container may write below /tmp only."));
    }

    private static String said(Path log) throws IOException {
        return new String(Files.readAllBytes(log), UTF_8);
    }

    /** The first path that could not be written, in the words of the JDK and of loggers. */
    private static Optional<String> unwritten(String said) {
        return UNWRITTEN.matcher(said).results()
                .map(found -> found.group(1) != null ? found.group(1) : found.group(2) != null ? found.group(2) : found.group(3))
                .findFirst();
    }

    /**
     * What becomes of a service that is not expected to start. It may fail for want of what is outside, but not of what the
     * image has to have: that would fail in production, too.
     */
    private String watch(String reason) throws Exception {
        Path log = Path.of("/tmp/smoke-test.log");
        Process service = java("@/app/main-class", List.of("-XX:AOTCache=" + cache), log);
        try {
            Instant start = Instant.now();
            Instant busy = start;
            Duration used = Duration.ZERO;
            while (Duration.between(start, Instant.now()).toSeconds() < WATCH_SECONDS
                    && Duration.between(busy, Instant.now()).toSeconds() < IDLE_SECONDS) {
                try {
                    if (get("/healthz", 1).status() == 200) {
                        return "became healthy: the line skip may not be needed.";
                    }
                } catch (IOException notYet) {
                    // asked again
                }
                if (service.waitFor(200, TimeUnit.MILLISECONDS)) {
                    return judge(service, said(log), reason);
                }
                Duration now = service.info().totalCpuDuration().orElse(used);
                if (now.minus(used).toMillis() > 300) {
                    used = now;
                    busy = Instant.now();
                }
            }
            return "did not become healthy.";
        } catch (Failure failure) {
            System.err.println(said(log).stripTrailing());
            fail(failure.getMessage(), failure.advice);
            return null;
        } finally {
            service.destroyForcibly();
        }
    }

    /** How a service ended that is not expected to start; a failure if its image is at fault. */
    private static String judge(Process service, String output, String reason) throws Exception {
        int code = service.exitValue();
        String said = lastCause(output);
        // A name in the reason (/data, libcuda.so.1) is said to be outside.
        boolean isNamed = NAME.matcher(reason).results().anyMatch(name -> said.contains(name.group()));
        String words = said.isEmpty() ? "" : ": " + said.substring(0, Math.min(300, said.length()));
        String excuse = ", which the line skip does not excuse";
        if (CRASHES.contains(code)) {
            throw new Failure("the service ended with exit code " + code + crash(service.pid()) + excuse, "Native code crashes: take a build of the library for this C library and processor,"
                    + " or another base");
        }
        if (code != 0 && IMAGE_FAULT.matcher(said).find() && !isNamed) {
            throw new Failure("the service ended with exit code " + code + excuse + words, "A module of the JDK that it lacks is named in docker/modules.txt, the package of a library or"
                    + " program in docker/packages.txt. Only /tmp can be written to. What production adds to the image, such as"
                    + " a volume or a driver, is named in the reason: skip It needs /data");
        }
        return "ended with exit code " + code + words;
    }

    /** The last cause in the last stack trace that was printed, as text or in JSON; where there is none, the last line. */
    private static String lastCause(String output) {
        List<String> lines = output.replace("\\n", "\n").replace("\\t", "\t").lines().filter(line -> !line.isBlank()).toList();
        Predicate<String> isFrame = line -> line.matches("\\s+(at |\\.\\.\\. ).*");
        for (int i = lines.size() - 1; i >= 0; i--) {
            if (!isFrame.test(lines.get(i)) && THROWABLE.matcher(lines.get(i)).find()) {
                List<String> after = lines.subList(i + 1, lines.size());
                long others = after.stream().filter(isFrame.negate()).count();
                // Without a stack it is a warning, as it is far from the end.
                boolean isEnd = after.stream().anyMatch(isFrame) && others < 30;
                return lines.get(isEnd ? i : lines.size() - 1).strip();
            }
        }
        return lines.isEmpty() ? "" : lines.getLast().strip();
    }

    private void checkHealth() throws Exception {
        Process check = java("HealthCheck", List.of("-XX:AOTCache=" + cache, "-XX:TieredStopAtLevel=1", "-Xms24m", "-Xmx24m"));
        String said = new String(check.getInputStream().readAllBytes(), UTF_8);
        if (check.waitFor() != 0) {
            throw new Failure("the image's HEALTHCHECK says: " + said.strip(), "It asks GET /healthz on $PORT");
        }
    }

    private static final class Failure extends Exception {
        private final String advice;

        Failure(String why, String advice) {
            super(why);
            this.advice = advice;
        }
    }

    private Process java(String main, List<String> options, Path log) throws IOException {
        List<String> command = new ArrayList<>(List.of("/opt/jvm/bin/java"));
        command.addAll(options);
        // What the JVM would see in a container of that size: below 1792 MB it takes the serial collector.
        int memory = Integer.parseInt(limits.get("MEMORY_MB"));
        command.add("-XX:MaxRAM=" + memory + "m");
        if (memory < 1792 && lines("java.options").stream().noneMatch(line -> line.matches("-XX:\\+Use\\w+GC"))) {
            command.add("-XX:+UseSerialGC");
        }
        command.addAll(List.of("@/app/class-path", main));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        if (log != null) {
            builder.redirectOutput(log.toFile());
        }
        builder.environment().putAll(environment);
        builder.environment().put("JDK_AOT_VM_OPTIONS", "-XX:TieredStopAtLevel=1"); // of the JVM that writes the cache
        return builder.start();
    }

    private Process java(String main, List<String> options) throws IOException {
        return java(main, options, null);
    }

    private void awaitHealth(Process service) throws Exception {
        String last = "nothing";
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS); System.nanoTime() < end; ) {
            if (!service.isAlive()) {
                throw new Failure("the service ends with " + service.exitValue() + " before GET /healthz is answered with 200",
                        "A setting that it needs goes to docker/smoke-test.env, an option of the JVM to docker/java.options, a"
                                + " module of the JDK that it lacks to docker/modules.txt; arguments its main method has to"
                                + " supply itself. " + WITHOUT);
            }
            try {
                int status = get("/healthz", READ_SECONDS).status();
                if (status == 200) {
                    return;
                }
                last = String.valueOf(status);
            } catch (IOException notYet) {
                // asked again below
            }
            Thread.sleep(10);
        }
        checkAddress();
        throw new Failure("GET /healthz is not answered with 200 within " + START_SECONDS + " seconds, but with " + last,
                elsewhere() + "A setting that it needs goes to docker/smoke-test.env. " + WITHOUT);
    }

    /** On which ports the service listens, if none of them is PORT. The network is that of this build step. */
    private static String elsewhere() throws IOException {
        List<String> ports = new ArrayList<>();
        for (Path table : List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"))) {
            for (String line : Files.exists(table) ? Files.readAllLines(table) : List.<String>of()) {
                String[] fields = line.strip().split("\\s+");
                if (fields[3].equals("0A")) { // LISTEN
                    ports.add(String.valueOf(Integer.parseInt(fields[1].split(":")[1], 16)));
                }
            }
        }
        return ports.isEmpty() || ports.contains(PORT) ? "" : "It listens on " + String.join(", ", ports)
                + ": let it listen on the port that the variable PORT names, which is " + PORT + " here. ";
    }

    private static void checkAddress() throws Failure {
        // 127.0.0.2: another address of the loopback interface.
        if ((isOpen("127.0.0.1") || isOpen("::1")) && !isOpen("127.0.0.2")) {
            throw new Failure("the service listens on localhost, where nobody outside of its container reaches it",
                    "Let it listen on every address: 0.0.0.0");
        }
    }

    private static boolean isOpen(String address) {
        try (var socket = new Socket(address, Integer.parseInt(PORT))) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void ask(Request request, Process service) throws Exception {
        Answer answer;
        try {
            answer = get(request.path(), READ_SECONDS);
        } catch (IOException e) {
            if (service.waitFor(5, TimeUnit.SECONDS)) { // a JVM that crashes writes its report first
                throw new Failure("the service ends with " + service.exitValue() + " while it answers GET " + request.path()
                        + crash(service.pid()), WITHOUT_SHELL);
            }
            answer = new Answer(-1, e.toString());
        }
        int status = answer.status();
        String body = answer.body();
        if (status != request.status() || !body.contains(request.text())) {
            String wanted = request.status() + (request.text().isEmpty() ? "" : " and \"" + request.text() + "\"");
            throw new Failure("GET " + request.path() + " is answered with " + (status < 0 ? "" : status + " and ") + "\""
                    + (body.length() > 500 ? body.substring(0, 500) + "…" : body) + "\" instead of " + wanted,
                    "If the answer is right, edit docker/smoke-test.txt");
        }
    }

    /** The native libraries that the JVM names in its report, where it writes one. */
    private static String crash(long pid) throws IOException {
        Path report = Path.of("/tmp/hs_err_pid" + pid + ".log");
        if (Files.notExists(report)) {
            return "";
        }
        String said = said(report);
        Stream<MatchResult> frames = Stream.concat(FRAME.matcher(said).results(), METHOD.matcher(said).results().limit(1));
        String stack = frames.map(frame -> frame.group(1)).distinct().collect(Collectors.joining(", called by "));
        return ": a crash" + (stack.isEmpty() ? "" : " in " + stack);
    }

    /** The connection ends with the answer: an open one would hold up the service when it stops. */
    private static Answer get(String path, int seconds) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + PORT + path).toURL().openConnection();
        connection.setRequestProperty("Connection", "close");
        connection.setInstanceFollowRedirects(false);
        connection.setConnectTimeout(5_000);
        connection.setReadTimeout(seconds * 1_000);
        try {
            int status = connection.getResponseCode();
            try (var content = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                return new Answer(status, content == null ? "" : new String(content.readAllBytes(), UTF_8));
            }
        } finally {
            connection.disconnect();
        }
    }

    /** NAME=value lines of a file in docker/; `#` starts a comment. */
    private static Map<String, String> settings(String file) throws IOException {
        Map<String, String> settings = new TreeMap<>();
        for (String line : lines(file)) {
            String[] parts = line.split("=", 2);
            if (parts.length < 2) {
                fail("the line \"" + line + "\" is not NAME=value", "Edit docker/" + file);
            }
            String value = parts[1].replaceFirst("\\s+#.*$", "").strip();
            settings.put(parts[0].strip(), value);
        }
        return settings;
    }

    /** The lines of a file of the team, without comments; none where there is no such file. */
    private static List<String> lines(String file) throws IOException {
        if (Files.notExists(DOCKER.resolve(file))) {
            return List.of();
        }
        try (var lines = Files.lines(DOCKER.resolve(file))) {
            return lines.map(String::strip).filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
        }
    }

    private static void fail(String why, String advice) {
        System.err.println("smoke-test: " + why + ". " + advice + ".");
        System.exit(1);
    }
}
