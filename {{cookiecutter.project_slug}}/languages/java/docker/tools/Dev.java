import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compiles and starts the service for the edit loop, and again whenever a file in /app has changed. Part of the
 * template: an update replaces it.
 *
 * <p>Maven runs inside of this JVM, which stays: its second run takes a tenth of the first. What does not compile is
 * said, and the next save starts the service again.
 */
public final class Dev {
    private static final Path PROJECT = Path.of("/app");
    private static final Path BUILT = Path.of("/out");
    private static final Path MAVEN = Path.of("/usr/share/maven");
    private static final Path LOG = Path.of("/tmp/maven.log");

    /** Where Maven writes, for each module. */
    private static final List<Path> FOLDERS = new ArrayList<>();

    private Process service;

    private Dev() {}

    public static void main(String[] arguments) throws Exception {
        new Dev().run();
    }

    private void run() throws Exception {
        for (String folder : Files.readAllLines(BUILT.resolve("folders.txt"))) {
            FOLDERS.add(PROJECT.resolve(Path.of("/src").relativize(Path.of(folder))));
        }
        System.setProperty("classworlds.conf", MAVEN.resolve("bin/m2.conf").toString());
        System.setProperty("maven.home", MAVEN.toString());
        System.setProperty("maven.multiModuleProjectDirectory", PROJECT.toString());
        System.setProperty("user.dir", PROJECT.toString());
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
        int compiled = 0;
        while (true) {
            Set<String> seen = state();
            int now = contents();
            if (now != compiled) {
                compiled = now;
                if (service != null) {
                    service.destroy(); // it finishes its requests while Maven compiles
                }
                if (compile()) {
                    stop();
                    service = start();
                }
            }
            while (state().equals(seen)) {
                Thread.sleep(100);
            }
            Thread.sleep(50); // files that are saved together are compiled together
        }
    }

    /** The names and times of all files but those that Maven writes: cheap enough to ask ten times a second. */
    private static Set<String> state() throws IOException {
        try (Stream<Path> files = Files.find(PROJECT, 100, Dev::isSource)) {
            Set<String> state = new HashSet<>();
            for (Path file : (Iterable<Path>) files::iterator) {
                state.add(file + " " + Files.getAttribute(file, "unix:ctime"));
            }
            return state;
        } catch (UncheckedIOException | NoSuchFileException e) {
            return Set.of(); // a file went away meanwhile
        }
    }

    /** A number for what is in these files: a save is also new times and owners, one after the other. */
    private static int contents() throws IOException {
        try (Stream<Path> files = Files.find(PROJECT, 100, Dev::isSource)) {
            int sum = 1;
            for (Path file : (Iterable<Path>) files::iterator) {
                sum += file.hashCode() ^ Arrays.hashCode(Files.readAllBytes(file));
            }
            return sum;
        } catch (UncheckedIOException | NoSuchFileException e) {
            return 0;
        }
    }

    private static boolean isSource(Path file, BasicFileAttributes attributes) {
        return attributes.isRegularFile() && FOLDERS.stream().noneMatch(file::startsWith);
    }

    /** Runs `mvn compile`; says what is wrong, once. */
    private static boolean compile() throws Exception {
        // Maven compares times of files, and those of saved ones are another machine's: without its notes it compiles all.
        try (Stream<Path> files = Files.find(PROJECT, 100, (file, is) -> file.endsWith("inputFiles.lst"))) {
            for (Path notes : files.toList()) {
                Files.delete(notes);
            }
        }
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        // Maven's own launcher, as bin/mvn starts it.
        int code = (int) Class.forName("org.codehaus.plexus.classworlds.launcher.Launcher")
                .getMethod("mainWithExitCode", String[].class)
                .invoke(null, (Object) new String[] {"--batch-mode", "--quiet", "--offline", "--log-file", LOG.toString(),
                        "-Dmaven.repo.local=/maven/repository", "--file", PROJECT.toString(), "compile"});
        Thread.currentThread().setContextClassLoader(loader);
        if (code != 0) {
            // The summary repeats the compiler's errors.
            String said = Files.readString(LOG);
            String errors = said.split("(?m)^\\[ERROR\\] Failed to execute goal ", 2)[0];
            System.err.println((errors.isBlank() ? said : errors).replace("[ERROR] ", "").strip());
        }
        return code == 0;
    }

    /** Starts the service on the class path of its image, with the compiled classes in front. */
    private static Process start() throws IOException {
        String classPath = Files.readString(BUILT.resolve("service/class-path"))
                .replaceFirst("(?s)^-cp \"(.*)\"\\s*$", "$1")
                .replace("/app/libs/", BUILT + "/dependencies/libs/");
        classPath = FOLDERS.stream().map(folder -> folder.resolve("classes").toString()).collect(Collectors.joining(":")) + ":" + classPath;
        List<String> command = new ArrayList<>(List.of("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classPath));
        command.add("@" + BUILT.resolve("service/main-class"));
        return new ProcessBuilder(command).directory(PROJECT.toFile()).inheritIO().start();
    }

    private void stop() {
        if (service != null) {
            service.destroy();
            try {
                service.waitFor();
            } catch (InterruptedException e) {
                service.destroyForcibly();
            }
        }
    }
}
