import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Lays out what Maven has built as it is in the image. Part of the template: an update replaces it.
 *
 * <p>Arguments: the folder of the project; the folder to write to; the module or the class that is the service, where
 * there are several. What Maven's modules are, `Maven package` has left in /maven/modules. It writes
 *
 * <ul>
 *   <li>{@code dependencies/}: the jars of the dependencies, for /app
 *   <li>{@code service/}: the service's own jar and the arguments that start it, for /app
 *   <li>{@code natives/}: the native libraries in jars, unpacked, for ldd to look at
 *   <li>{@code modules.txt}: the modules of the JDK that the classes name, each with the jar that does, a pair a line
 *   <li>{@code folders.txt}: the folders that Maven writes to, for the edit loop
 * </ul>
 *
 * The class path is a plain one, in Maven's order, whatever a plugin has repackaged.
 */
public final class Assemble {
    /** What `dependency:list` says of a jar: GROUP:ARTIFACT:jar[:CLASSIFIER]:VERSION:SCOPE:PATH [(optional)]. */
    private static final Pattern DEPENDENCY = Pattern.compile(
            "\\s*([^:\\s]+):([^:\\s]+):[^:\\s]+(?::([^:\\s]+))?:([^:\\s]+):(compile|runtime|provided|system):(/\\S*\\.jar)(.*)");

    /** Where Spring Boot packs the jars that a service needs, into a jar or a war. */
    private static final Pattern PACKED = Pattern.compile("(?:BOOT-INF/lib|WEB-INF/lib|WEB-INF/lib-provided)/(.*\\.jar)");

    private static final Pattern PACKED_CLASSES = Pattern.compile("^(?:BOOT-INF|WEB-INF)/classes/");

    /** What is in a war for the container or its launcher. */
    private static final Pattern NO_PAGES = Pattern.compile("META-INF/.*|WEB-INF/(?:classes|lib|lib-provided)/.*|.*\\.class");

    /** The AOT cache holds the jars' time stamps, and exporters cut fractions of a second off. */
    private static final FileTime TIME = FileTime.from(Instant.parse("1980-01-01T00:00:02Z"));

    private static final Path MODULES = Path.of("/maven/modules");

    private final Path project;
    private final Path destination;
    private final String wanted;

    private Assemble(Path project, Path destination, String wanted) {
        this.project = project;
        this.destination = destination;
        this.wanted = wanted;
    }

    public static void main(String[] arguments) throws IOException {
        new Assemble(Path.of(arguments[0]), Path.of(arguments[1]), arguments[2]).run();
    }

    private void run() throws IOException {
        List<Module> modules = modules();
        Service service = service(modules);
        Module module = service.module();
        List<String> classPath = module.isQuarkus() ? quarkus(module) : plain(service);
        classPath.add("/opt/jvm/healthcheck.jar");
        Files.writeString(destination("service/class-path"), "-cp \"" + String.join(":", classPath) + "\"\n");
        Files.writeString(destination("service/main-class"), options(module.manifest()) + service.mainClass() + "\n");

        List<Path> jars = new ArrayList<>(jars(destination.resolve("dependencies")));
        jars.addAll(jars(destination.resolve("service")));
        for (Path jar : jars) {
            unpackNatives(jar);
        }
        copyNatives(modules);
        Files.write(destination.resolve("modules.txt"), new Modules().of(jars));
        Files.write(destination.resolve("folders.txt"), modules.stream().map(m -> m.target().toString()).sorted().toList());
        try (Stream<Path> files = Files.walk(destination)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.setLastModifiedTime(file, TIME);
            }
        }
    }

    /** A module of Maven's: its folder, the one it is built in, and the list of what it depends on. */
    private record Module(Path folder, Path target, Path list) {
        /** Maven has written the list to a file whose path says the rest: /maven/modules/:FOLDER/:TARGET/:list. */
        static Module of(Path list) {
            String[] paths = list.toString().split("/:");
            return new Module(Path.of(paths[1]), Path.of(paths[2]), list);
        }

        Path classes() {
            return target.resolve("classes");
        }

        boolean isQuarkus() {
            return Files.exists(target.resolve("quarkus-app"));
        }

        /** The manifest that Maven has written: one that names a class to start, else any, else an empty one. */
        Manifest manifest() throws IOException {
            Manifest first = null;
            for (Path file : archives()) {
                try (JarFile jar = new JarFile(file.toFile())) {
                    Manifest manifest = jar.getManifest();
                    if (manifest != null && started(manifest) != null) {
                        return manifest;
                    }
                    first = first == null ? manifest : first;
                }
            }
            return first == null ? new Manifest() : first;
        }

        /** The jars and wars that have classes of this module: plugins lay others beside them, such as agents. */
        List<Path> archives() throws IOException {
            List<Path> all = packages(), own = new ArrayList<>();
            for (Path file : all) {
                try (ZipFile archive = new ZipFile(file.toFile())) {
                    if (archive.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".class"))
                            .anyMatch(name -> Files.exists(classes().resolve(PACKED_CLASSES.matcher(name).replaceFirst(""))))) {
                        own.add(file);
                    }
                }
            }
            return own.isEmpty() ? all : own;
        }

        List<Path> packages() throws IOException {
            if (!Files.isDirectory(target)) {
                return List.of();
            }
            try (Stream<Path> files = Files.list(target)) {
                return files.filter(f -> f.toString().matches(".*\\.[jw]ar")).sorted().toList();
            }
        }

        /** Spring Boot names its own launcher as Main-Class, and the service as Start-Class. */
        static String started(Manifest manifest) {
            String start = manifest.getMainAttributes().getValue("Start-Class");
            return start != null ? start : manifest.getMainAttributes().getValue(Attributes.Name.MAIN_CLASS);
        }
    }

    /** What could be the service: a module and the class that starts it. */
    private record Service(Module module, String mainClass) {}

    /** What the manifest of an application asks of the JVM (JEP 261, JEP 472), which reads it after `-jar` only. */
    private static String options(Manifest manifest) {
        StringBuilder options = new StringBuilder();
        for (String option : List.of("Add-Exports", "Add-Opens")) {
            String packages = manifest.getMainAttributes().getValue(option);
            for (String name : packages == null ? new String[0] : packages.strip().split("\\s+")) {
                options.append("--").append(option.toLowerCase()).append('=').append(name).append("=ALL-UNNAMED\n");
            }
        }
        if (manifest.getMainAttributes().getValue("Enable-Native-Access") != null) {
            options.append("--enable-native-access=ALL-UNNAMED\n");
        }
        return options.toString();
    }

    private static List<Module> modules() throws IOException {
        try (Stream<Path> files = Files.walk(MODULES)) {
            return files.filter(Files::isRegularFile).map(Module::of).toList();
        }
    }

    /** Returns the module that is wanted, or the one that can be started and that no other such module uses. */
    private Service service(List<Module> modules) throws IOException {
        List<Service> services = new ArrayList<>();
        for (Module module : modules) {
            Path quarkus = module.target().resolve("quarkus-app/quarkus-run.jar");
            if (Files.exists(quarkus)) {
                try (JarFile jar = new JarFile(quarkus.toFile())) {
                    services.add(new Service(module, Module.started(jar.getManifest())));
                }
                continue;
            }
            String main = Module.started(module.manifest());
            List<String> mains = classesWithMain(module.classes());
            if (main != null && !mains.contains(wanted)) {
                mains = List.of(main);
            }
            mains.forEach(name -> services.add(new Service(module, name)));
        }
        if (!wanted.isEmpty()) {
            Path folder = project.resolve(wanted).normalize();
            services.removeIf(service -> !service.module().folder().equals(folder) && !service.mainClass().equals(wanted));
        }
        for (Module module : services.stream().map(Service::module).distinct().toList()) {
            for (Path jar : dependencies(module).keySet()) {
                services.removeIf(other -> !other.module().equals(module) && jar.startsWith(other.module().target()));
            }
        }
        if (services.size() != 1) {
            String of = wanted.isEmpty() ? "no class" : "no class of MAIN=" + wanted;
            fail(services.isEmpty()
                    ? of + " has a main method: add one, or name it as mainClass in the configuration of maven-jar-plugin"
                    : "several classes can be started: " + String.join(", ", services.stream().map(this::described).toList())
                            + ". Say which one is the service, with --build-arg MAIN=" + services.getFirst().mainClass()
                            + " or as the default of ARG MAIN in the Dockerfile; the folder of a module does as well");
        }
        return services.getFirst();
    }

    private String described(Service service) {
        Path folder = service.module().folder();
        return folder.equals(project) ? service.mainClass() : service.mainClass() + " in " + project.relativize(folder);
    }

    /** The classes that `java` can start. An instance's main (JEP 512) counts where no class has the static one. */
    private static List<String> classesWithMain(Path classes) throws IOException {
        List<String> ofClass = new ArrayList<>();
        List<String> ofInstance = new ArrayList<>();
        if (!Files.isDirectory(classes)) {
            return ofClass;
        }
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
                ClassModel model = ClassFile.of().parse(file);
                String name = model.thisClass().asInternalName().replace('/', '.');
                for (MethodModel method : model.methods()) {
                    boolean isMain = method.methodName().equalsString("main")
                            && !method.flags().has(AccessFlag.PRIVATE) && !method.flags().has(AccessFlag.ABSTRACT);
                    if (isMain && method.methodType().equalsString("([Ljava/lang/String;)V")) {
                        (method.flags().has(AccessFlag.STATIC) ? ofClass : ofInstance).add(name);
                    } else if (isMain && method.methodType().equalsString("()V")) {
                        ofInstance.add(name);
                    }
                }
            }
        }
        return (ofClass.isEmpty() ? ofInstance : ofClass).stream().distinct().toList();
    }

    /**
     * The jars that a module needs at run time, in the order of the class path, each with its place among the others: a
     * folder for each group, because two groups may have artifacts of one name.
     */
    private static Map<Path, String> dependencies(Module module) throws IOException {
        Set<String> packed = packed(module);
        Map<Path, String> jars = new LinkedHashMap<>();
        for (String line : Files.readAllLines(module.list())) {
            Matcher found = DEPENDENCY.matcher(line);
            if (!found.matches()) {
                continue;
            }
            Path jar = Path.of(found.group(6));
            String group = found.group(1), artifact = found.group(2), scope = found.group(5);
            String name = artifact + "-" + found.group(4) + (found.group(3) == null ? "" : "-" + found.group(3)) + ".jar";
            boolean isNeeded = packed.isEmpty()
                    ? !scope.equals("provided") && !(found.group(7).contains("(optional)") && isForCompiler(jar))
                    : packed.contains(name) || packed.contains(group + "-" + name) || packed.contains(jar.getFileName().toString());
            if (isNeeded || scope.equals("system")) {
                String place = group + "/" + jar.getFileName();
                jars.put(jar, jars.containsValue(place) ? group + "/" + artifact + "/" + jar.getFileName() : place);
            }
        }
        return jars;
    }

    /** The names of the jars that Spring Boot has packed, without what is for development only; nothing without Spring Boot. */
    private static Set<String> packed(Module module) throws IOException {
        Set<String> packed = new HashSet<>();
        for (Path file : module.packages()) {
            try (JarFile archive = new JarFile(file.toFile())) {
                // A war of another plugin has its jars in the same place, without the optional ones.
                if (archive.getManifest() != null && archive.getManifest().getMainAttributes().getValue("Spring-Boot-Lib") != null) {
                    archive.stream().map(entry -> PACKED.matcher(entry.getName())).filter(Matcher::matches)
                            .forEach(name -> packed.add(name.group(1)));
                }
            }
        }
        return packed;
    }

    private static boolean isForCompiler(Path jar) throws IOException {
        try (ZipFile content = new ZipFile(jar.toFile())) {
            return content.getEntry("META-INF/services/javax.annotation.processing.Processor") != null;
        }
    }

    private List<String> plain(Service service) throws IOException {
        pack(service, destination("service/app.jar"));
        List<String> classPath = new ArrayList<>(List.of("/app/app.jar"));
        for (var jar : dependencies(service.module()).entrySet()) {
            String path = "libs/" + jar.getValue();
            Files.copy(jar.getKey(), destination("dependencies/" + path));
            classPath.add("/app/" + path);
        }
        return classPath;
    }

    /** Quarkus writes classes of its own and finds them beside quarkus-run.jar. */
    private List<String> quarkus(Module module) throws IOException {
        Path built = module.target().resolve("quarkus-app");
        try (Stream<Path> files = Files.walk(built)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path path = built.relativize(file);
                Files.copy(file, destination((path.startsWith("lib") ? "dependencies/" : "service/") + path));
            }
        }
        return new ArrayList<>(List.of("/app/quarkus-run.jar"));
    }

    /**
     * Writes the module's jar of its classes: what Maven has packed may have been packed again with all that it needs.
     * Classes that a plugin has added to the package only come along, and so do the pages of a war, as a jar has them.
     */
    private void pack(Service service, Path jar) throws IOException {
        Module module = service.module();
        Manifest manifest = module.manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.putIfAbsent(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.remove(Attributes.Name.CLASS_PATH);
        attributes.put(Attributes.Name.MAIN_CLASS, service.mainClass());
        Path content = Files.createTempDirectory("content");
        for (Path archive : module.archives()) {
            try (ZipFile packed = new ZipFile(archive.toFile())) {
                for (ZipEntry entry : Collections.list(packed.entries())) {
                    Matcher added = PACKED_CLASSES.matcher(entry.getName());
                    boolean isPage = archive.toString().endsWith(".war") && !NO_PAGES.matcher(entry.getName()).matches();
                    if (!entry.isDirectory() && (added.lookingAt() || isPage)) {
                        Path file = content.resolve(isPage ? "META-INF/resources/" + entry.getName() : added.replaceFirst(""));
                        Files.createDirectories(file.getParent());
                        Files.copy(packed.getInputStream(entry), file, StandardCopyOption.REPLACE_EXISTING);
                    }
                }
            }
        }
        copy(module.classes(), content);
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(content)) {
            out.putNextEntry(entry(JarFile.MANIFEST_NAME));
            manifest.write(out);
            // Folders are entries, too: libraries look for what is in them.
            for (Path file : files.filter(f -> !f.equals(content)).sorted().toList()) {
                String name = content.relativize(file).toString();
                if (!name.equals(JarFile.MANIFEST_NAME)) {
                    out.putNextEntry(entry(Files.isDirectory(file) ? name + "/" : name));
                    if (Files.isRegularFile(file)) {
                        Files.copy(file, out);
                    }
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!Files.isDirectory(from)) {
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static ZipEntry entry(String name) {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(java.time.LocalDateTime.of(1980, 1, 1, 0, 0, 2));
        return entry;
    }

    /** Unpacks the native libraries for this kind of machine that a jar carries, whatever their names end in. */
    private void unpackNatives(Path jar) throws IOException {
        String name = jar.getParent().getFileName() + "." + jar.getFileName();
        try (ZipFile content = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : Collections.list(content.entries())) {
                if (entry.getSize() > 64 && !entry.getName().endsWith(".class") && isForThisMachine(content.getInputStream(entry))) {
                    addNative(name + "/" + entry.getName(), content.getInputStream(entry));
                }
            }
        }
    }

    /** Copies those that are files of the project, for java.library.path or System.load. What Maven wrote stays behind. */
    private void copyNatives(List<Module> modules) throws IOException {
        Files.createDirectories(destination.resolve("natives"));
        try (Stream<Path> files = Files.find(project, 100, (file, is) -> is.isRegularFile()
                && file.getFileName().toString().matches(".*\\.so(\\.[\\d.]+)?")
                && modules.stream().noneMatch(module -> file.startsWith(module.target())))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (isForThisMachine(Files.newInputStream(file))) {
                    addNative("project/" + project.relativize(file), Files.newInputStream(file));
                }
            }
        }
    }

    private void addNative(String name, InputStream content) throws IOException {
        Path file = destination("natives/" + name);
        Files.copy(content, file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static boolean isForThisMachine(InputStream file) throws IOException {
        return Arrays.equals(elf(file), elf(Files.newInputStream(Path.of("/proc/self/exe"))));
    }

    /** Word size, byte order, and processor, as the header of a program or library (ELF) has them; else nothing. */
    private static byte[] elf(InputStream file) throws IOException {
        try (file) {
            byte[] header = file.readNBytes(20);
            boolean isElf = header.length == 20 && header[0] == 0x7f && header[1] == 'E' && header[2] == 'L' && header[3] == 'F';
            // The system it is for: 0 and 3 are Linux.
            boolean isLinux = isElf && (header[7] == 0 || header[7] == 3);
            return isLinux ? new byte[] {header[4], header[5], header[18], header[19]} : new byte[0];
        }
    }

    private Path destination(String path) throws IOException {
        Path file = destination.resolve(path).normalize();
        Files.createDirectories(file.getParent());
        return file;
    }

    private static List<Path> jars(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(f -> f.toString().endsWith(".jar")).sorted().toList();
        }
    }

    private static void fail(String why) {
        System.err.println("assemble: " + why + ".");
        System.exit(1);
    }

    /**
     * Finds the modules of the JDK that classes need: those whose classes they name, be it in code, in signatures or
     * in a text, as reflection does.
     */
    private static final class Modules {
        private static final Pattern CLASS = Pattern.compile("[a-z][\\w$]*(?:[/.][\\w$]+)+");
        private static final int RELEASE = Runtime.version().feature();

        /** The JDK's tools are large. A text that names them (javac, jshell) is no sign that a service runs them. */
        private static final Pattern TOOLS = Pattern.compile("jdk\\.(compiler|jartool|javadoc|jconsole|jdeps|jlink|jpackage|jshell|hotspot\\.agent|internal\\..*|jstatd)");

        /** Files of the service that may name classes: bean definitions, loggers, providers. */
        private static final Pattern CONFIGURATION = Pattern.compile(".*\\.(?:xml|properties|ya?ml|conf)|META-INF/services/.*");

        private final Map<String, ModuleReference> modules = new HashMap<>();
        private final Set<String> needed = new TreeSet<>();
        private final Set<String> seen = new HashSet<>();
        private String jar;
        private boolean isOwn;

        Modules() {
            for (ModuleReference module : ModuleFinder.ofSystem().findAll()) {
                module.descriptor().packages().forEach(name -> modules.put(name, module));
            }
        }

        Set<String> of(List<Path> jars) throws IOException {
            for (Path file : jars) {
                jar = file.getFileName().toString();
                isOwn = file.endsWith("service/app.jar");
                seen.clear();
                try (ZipFile content = new ZipFile(file.toFile())) {
                    for (ZipEntry entry : Collections.list(content.entries())) {
                        if (isLoaded(entry.getName())) {
                            add(content.getInputStream(entry).readAllBytes());
                        } else if (isOwn && CONFIGURATION.matcher(entry.getName()).matches()) {
                            addNames(new String(content.getInputStream(entry).readAllBytes(), ISO_8859_1), true);
                        }
                    }
                }
            }
            return needed;
        }

        /** A jar may have other classes for later releases. module-info is no concern: the service runs on the class path. */
        private static boolean isLoaded(String name) {
            Matcher version = Pattern.compile("META-INF/versions/(\\d+)/.*").matcher(name);
            return name.endsWith(".class") && !name.endsWith("module-info.class")
                    && (!version.matches() || Integer.parseInt(version.group(1)) <= RELEASE);
        }

        private void add(byte[] bytes) {
            Set<Integer> texts = new HashSet<>();
            try {
                var pool = ClassFile.of().parse(bytes).constantPool();
                for (PoolEntry entry : pool) {
                    if (entry instanceof StringEntry text) {
                        texts.add(text.utf8().index());
                    }
                }
                for (PoolEntry entry : pool) {
                    if (entry instanceof Utf8Entry text) {
                        boolean isText = texts.contains(entry.index());
                        if (seen.add(isText + text.stringValue())) {
                            addNames(text.stringValue(), isText);
                        }
                    }
                }
            } catch (IllegalArgumentException notAClass) {
                // nothing loads it, either
            }
        }

        private void addNames(String text, boolean isText) {
            for (Matcher name = CLASS.matcher(text); name.find(); ) {
                add(name.group().replace('.', '/'), isText);
            }
        }

        private void add(String name, boolean isText) {
            if (name.equals("javax/tools/ToolProvider") && !isText && isOwn) {
                needed.add("jdk.compiler " + jar); // which a service loader finds; frameworks mostly do without
            }
            int end = name.lastIndexOf('/');
            ModuleReference module = end < 0 ? null : modules.get(name.substring(0, end).replace('/', '.'));
            if (module == null || needed.contains(module.descriptor().name() + " " + jar)
                    || isText && TOOLS.matcher(module.descriptor().name()).matches()) {
                return;
            }
            try (var reader = module.open()) {
                if (reader.find(name + ".class").isPresent()) {
                    needed.add(module.descriptor().name() + " " + jar);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
