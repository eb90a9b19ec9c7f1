import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.spi.ToolProvider;

/**
 * Lists the modules of the JDK that jars need, one a line, each once.
 *
 * <p>Arguments: a jar or a directory of jars; a file that names modules to add.
 */
void main(String[] args) throws IOException {
    TreeSet<String> modules = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of(args[1]))) {
        modules.add(line.replaceFirst("\\s*(#.*)?$", ""));
    }
    List<String> jars = withoutModuleInfo(Path.of(args[0]));
    if (!jars.isEmpty()) {
        modules.addAll(List.of(jdeps(jars).split(",")));
    }
    modules.remove("");
    modules.forEach(IO::println);
}

/**
 * Copies the jars without what they say of themselves: the service runs on the class path, where it
 * is no concern, but jdeps fails where a module is not there that one of them wants.
 */
List<String> withoutModuleInfo(Path source) throws IOException {
    List<String> copies = new ArrayList<>();
    Path folder = Files.createTempDirectory("modules");
    try (var files = Files.walk(source)) {
        for (Path jar : (Iterable<Path>) files.filter(f -> f.toString().endsWith(".jar"))::iterator) {
            Path copy = Files.copy(jar, folder.resolve(jar.getFileName()));
            try (FileSystem content = FileSystems.newFileSystem(copy);
                    var entries = Files.find(content.getPath("/"), 4, (file, _) -> file.endsWith("module-info.class"))) {
                for (Path entry : entries.toList()) {
                    Files.delete(entry);
                }
            }
            copies.add(copy.toString());
        }
    }
    return copies;
}

/** A class that a jar names and nobody brings belongs to an optional dependency: no error. */
String jdeps(List<String> jars) {
    String feature = String.valueOf(Runtime.version().feature());
    List<String> arguments =
            new ArrayList<>(List.of("--ignore-missing-deps", "--multi-release", feature, "--print-module-deps"));
    arguments.addAll(jars);
    StringWriter out = new StringWriter();
    PrintWriter writer = new PrintWriter(out, true);
    int code = ToolProvider.findFirst("jdeps").orElseThrow().run(writer, writer, arguments.toArray(String[]::new));
    List<String> said = out.toString().lines().filter(line -> !line.startsWith("Warning:")).toList();
    if (code != 0 || said.size() != 1) {
        System.err.println("jdeps " + String.join(" ", arguments) + "\n" + out);
        System.exit(1);
    }
    return said.getFirst();
}
