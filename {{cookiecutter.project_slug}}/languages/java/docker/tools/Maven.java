import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Runs Maven in a company's network. Part of the template: an update replaces it.
 *
 * <p>{@code Maven fetch} downloads what pom.xml names, with the build's secrets: `ca`, a PEM file of CA
 * certificates, and `registry`, a settings.xml. No plugins run but Maven's own dependency and help plugins.
 *
 * <p>{@code Maven GOAL...} runs anything else, without the secrets. Where packages come from a registry of the
 * company, it runs offline: what is not there yet, nobody could download.
 *
 * <p>Where there is a docker/checksums.sha256 (lock.sh writes it), no artifact is taken that differs from what is recorded
 * there; and in goals none that is not recorded, unless there are several modules: Maven would ask for theirs as well.
 */
public final class Maven {
    private static final String DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:";
    private static final String EFFECTIVE_POM = "org.apache.maven.plugins:maven-help-plugin:3.5.1:effective-pom";
    private static final Path BUNDLE = Path.of("/etc/ssl/certs/ca-certificates.crt");
    private static final Path SETTINGS = Path.of("/run/secrets/registry");
    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);
    private static final Path CHECKSUMS = Path.of("docker/checksums.sha256");
    private static final Path CACHE = Path.of("/root/.m2/repository");
    private static final Path REPOSITORY = Path.of("/maven/repository");
    private static final Path TRUST_STORE = Path.of("/maven/ca.p12");
    private static final Path TOOLCHAINS = Path.of("/maven/toolchains.xml");
    /** Where Assemble finds what a module depends on: Maven fills in the module's folder and the one it is built in. */
    private static final String LIST = "-DoutputFile=/maven/modules/:${project.basedir}/:${project.build.directory}/:list";

    private static final Path OFFLINE = Path.of("/maven/offline");
    private static final Path PROXIES = Path.of("/dev/shm/proxies.xml"); // memory: a password belongs in no layer

    private static final int RELEASE = Runtime.version().feature();

    /** What plugins and annotation processors say of a JDK that is newer than they are. */
    private static final Pattern TOO_OLD = Pattern.compile("(?m)major version " + (44 + RELEASE) + "\\b"
            + "|(?:Error|Exception)\\b.*com[./]sun[./]tools[./]javac"
            + "|\\bJava " + RELEASE + " \\(" + (44 + RELEASE) + "\\)"
            + "|Exception: " + Pattern.quote(System.getProperty("java.version")) + "$"
            + "|(?i:not (?:yet )?support(?:ed)?\\b.{0,40}\\b(?:Java|JDK)(?: version)? " + RELEASE + "\\b)"
            + "|(?i:\\b(?:Java|JDK)(?: version)? " + RELEASE + "\\b.{0,20}\\bnot (?:yet )?support)");

    private static final Pattern POM = Pattern.compile(".*pom.*\\.xml");
    private static final Pattern CONFIGURED = Pattern.compile("<annotationProcessorPaths>|<\\w*[aA]rtifact>[^<:]+:[^<:]+:");
    private static final Pattern COORDINATES =
            Pattern.compile("<\\w*[aA]rtifact>([\\w.-]+):([\\w.-]+):([\\w.-]+):([\\w.-]+):([\\w.-]+)</");
    private static final Pattern PATH = Pattern.compile("/[\\w./@+=~-]+");

    /** What a dynamic program (ELF) begins with: the loader that starts it, which is another one for each C library. */
    private static final Pattern LOADER = Pattern.compile("\\A\u007fELF.*?(/[\\w./-]*/ld-[\\w.-]+)\\x00", Pattern.DOTALL);

    /** What that loader says. */
    private static final Pattern LIBRARY = Pattern.compile("error while loading shared libraries: ([^:\\s]+):");

    private static String errors = "";
    private static final Set<String> mentioned = new LinkedHashSet<>();

    private Maven() {}

    public static void main(String[] arguments) throws Exception {
        if (!List.of(arguments).equals(List.of("fetch"))) {
            makeWay();
            List<String> offline = Files.exists(OFFLINE) ? List.of("--offline") : List.of();
            int code = run(REPOSITORY, offline, named(arguments));
            if (code != 0 && Files.exists(CHECKSUMS)) {
                System.err.println("maven: a build takes only what " + CHECKSUMS + " records. Where a checksum is \"missing\""
                        + " above, because pom.xml or Maven itself is new, run: sh docker/tools/lock.sh. Where there is"
                        + " a \"mismatch\", find out why before you do.");
            }
            if (code != 0 && Pattern.compile("\\.git\\b").matcher(errors).find() && Files.notExists(Path.of(".git"))) {
                System.err.println("maven: a plugin reads .git, which is not in the build context: configure it to do without,"
                        + " or add the line !.git to the end of .dockerignore (the image is without it).");
            }
            if (code != 0 && TOO_OLD.matcher(errors).find()) {
                System.err.println("maven: the JDK of this image is of release " + RELEASE + ": if the error above is about it,"
                        + " take a newer release of the plugin or annotation processor.");
            }
            if (code != 0) {
                explainPrograms();
            }
            if (code != 0 && errors.contains("Non-resolvable parent POM")) {
                System.err.println("maven: a parent POM is in no repository of packages that was asked, and not in this one: a folder"
                        + " above it is not in the build context. Publish the parent, or build the project that both belong to.");
            }
            if (code != 0 && errors.contains("toolchain")) {
                System.err.println("maven: this image has one JDK, of release " + RELEASE + ". Let the toolchain that pom.xml asks for"
                        + " be a range of versions with that one in it, without a vendor, or leave it to a profile.");
            }
            if (code != 0 && !offline.isEmpty()) {
                System.err.println(
                        "maven: plugins run without the registry's credentials, and so offline. Where one downloads"
                                + " something by itself, name that in its <dependencies> in pom.xml.");
            }
            System.exit(code);
        }
        if (Files.notExists(Path.of("pom.xml"))) {
            System.err.println("maven: there is no pom.xml at the top of the repository. Projects in folders are <modules> of"
                    + " one that has <packaging>pom</packaging>; what another tool builds needs a pom.xml.");
            System.exit(1);
        }
        Files.createDirectories(REPOSITORY);
        if (Files.exists(BUNDLE) && Files.size(BUNDLE) > 0) {
            writeTrustStore();
        }
        List<String> settings = new ArrayList<>();
        if (Files.exists(SETTINGS) && Files.size(SETTINGS) > 0) {
            settings.addAll(List.of("--settings", SETTINGS.toString()));
            Files.createFile(OFFLINE);
        }
        // Of plugins that a parent POM manages and nothing uses, something may be missing: the build asks again.
        if (run(CACHE, settings, List.of(DEPENDENCY_PLUGIN + "go-offline")) != 0) {
            System.out.println("maven: not everything could be downloaded. What the build needs of it fails there.");
        }
        // Of two versions of an artifact, `go-offline` downloads one or the other. This is Maven's own choice.
        if (run(CACHE, settings, List.of(DEPENDENCY_PLUGIN + "resolve", "--quiet", "--fail-at-end")) != 0) {
            System.out.println("maven: what is missing above is built later, if it is a module of this project.");
        }
        fetchConfigured(settings);
        copyRepository();
    }

    /** The path of a list may have `..` in it, behind a module's folder, which therefore has to be there. */
    private static void makeWay() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("").toAbsolutePath())) {
            for (Path file : files.filter(f -> f.getFileName() != null && POM.matcher(f.getFileName().toString()).matches()).toList()) {
                Files.createDirectories(Path.of("/maven/modules/:" + file.getParent() + "/:" + file.getParent()));
            }
        }
    }

    /**
     * Downloads what the configuration of plugins names, over which `go-offline` passes: annotation processors, and the
     * programs of protobuf's plugin. They are the dependencies of a project of their own.
     */
    private static void fetchConfigured(List<String> settings) throws Exception {
        Path effective = Path.of("/tmp/effective-pom.xml");
        Path configured = Path.of("/tmp/configured/pom.xml");
        if (!namesConfigured() || run(CACHE, settings, List.of(EFFECTIVE_POM, "-Doutput=" + effective)) != 0) {
            return;
        }
        Document project = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(effective.toFile());
        NodeList managed = project.getElementsByTagName("dependency");
        NodeList paths = project.getElementsByTagName("path");
        Set<String> dependencies = new LinkedHashSet<>();
        for (int i = 0; i < paths.getLength(); i++) {
            Element path = (Element) paths.item(i);
            String version = text(path, "version");
            for (int j = 0; version.isEmpty() && j < managed.getLength(); j++) {
                Element dependency = (Element) managed.item(j);
                if (text(dependency, "groupId").equals(text(path, "groupId"))
                        && text(dependency, "artifactId").equals(text(path, "artifactId"))) {
                    version = text(dependency, "version");
                }
            }
            if (path.getParentNode().getNodeName().equals("annotationProcessorPaths") && !version.isEmpty()) {
                dependencies.add("<dependency>" + element("groupId", text(path, "groupId"))
                        + element("artifactId", text(path, "artifactId")) + element("version", version) + "</dependency>");
            }
        }
        for (MatchResult artifact : COORDINATES.matcher(filledIn(Files.readString(effective))).results().toList()) {
            dependencies.add("<dependency>" + element("groupId", artifact.group(1)) + element("artifactId", artifact.group(2))
                    + element("version", artifact.group(3)) + element("type", artifact.group(4))
                    + element("classifier", artifact.group(5)) + "</dependency>");
        }
        Files.createDirectories(configured.getParent());
        Files.writeString(configured, "<project><modelVersion>4.0.0</modelVersion><groupId>slim</groupId>"
                + "<artifactId>configured</artifactId><version>0</version><packaging>pom</packaging><dependencies>"
                + String.join("", dependencies) + "</dependencies></project>");
        run(CACHE, settings, List.of(DEPENDENCY_PLUGIN + "resolve", "--file", configured.toString()));
    }

    /** Maven leaves properties of extensions, such as ${os.detected.classifier}, as they are, but lists them with the others. */
    private static String filledIn(String pom) {
        return Pattern.compile("\\$\\{([\\w.-]+)}").matcher(pom).replaceAll(use -> {
            Matcher property = Pattern.compile("<" + Pattern.quote(use.group(1)) + ">([^<]*)</").matcher(pom);
            return Matcher.quoteReplacement(property.find() ? property.group(1) : use.group());
        });
    }

    private static boolean namesConfigured() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(""))) {
            for (Path file : files.filter(f -> POM.matcher(f.getFileName().toString()).matches()).toList()) {
                if (CONFIGURED.matcher(Files.readString(file)).find()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String text(Element element, String name) {
        NodeList children = element.getElementsByTagName(name);
        return children.getLength() == 0 ? "" : children.item(0).getTextContent().strip();
    }

    /** Goals of the dependency plugin in the release that `fetch` has downloaded, whatever pom.xml has. */
    private static List<String> named(String[] arguments) {
        return Arrays.stream(arguments)
                .flatMap(word -> word.equals("dependency:list") ? Stream.of(word, LIST, "-DoutputAbsoluteArtifactFilename") : Stream.of(word))
                .map(word -> word.replaceFirst("^dependency:", DEPENDENCY_PLUGIN))
                .toList();
    }

    private static int run(Path repository, List<String> settings, List<String> arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("/usr/share/maven/bin/mvn", "--batch-mode", "--no-transfer-progress"));
        if (repository.equals(CACHE)) {
            // What a download's repository publishes: Maven 3 only warns of a difference. A folder publishes nothing.
            command.add("--strict-checksums");
        }
        command.add("-Dmaven.repo.local=" + repository);
        command.add("-Dquarkus.package.jar.type=fast-jar"); // what Assemble lays out, also where one jar is made else
        command.addAll(List.of("--global-toolchains", toolchains().toString()));
        command.addAll(settings);
        if (Files.exists(CHECKSUMS)) {
            boolean strictly = repository.equals(REPOSITORY) && !Files.readString(Path.of("pom.xml")).contains("<module>");
            command.addAll(heldTo(CHECKSUMS.toAbsolutePath().getParent(), strictly));
        }
        if (!variable("HTTP_PROXY").isEmpty() || !variable("HTTPS_PROXY").isEmpty()) {
            Files.writeString(PROXIES, proxies());
            command.addAll(List.of("--global-settings", PROXIES.toString()));
        }
        command.addAll(arguments);
        ProcessBuilder maven = new ProcessBuilder(command).redirectErrorStream(true);
        if (Files.exists(TRUST_STORE)) {
            String trust = " -Djavax.net.ssl.trustStore=" + TRUST_STORE + " -Djavax.net.ssl.trustStorePassword=changeit";
            maven.environment().merge("MAVEN_OPTS", trust, String::concat);
        }
        Process process = maven.start();
        StringBuilder said = new StringBuilder();
        process.inputReader().lines().forEach(line -> {
            System.out.println(line);
            PATH.matcher(line).results().map(MatchResult::group).forEach(mentioned::add);
            if (line.startsWith("[ERROR]")) {
                said.append(line).append('\n');
            }
        });
        errors = said.toString();
        return process.waitFor();
    }

    /** Plugins bring programs, mostly for glibc. Where their loader is missing, the system says of the program that there is none. */
    private static void explainPrograms() throws IOException {
        Set<String> missing = new LinkedHashSet<>();
        for (String path : mentioned) {
            Path file = Path.of(path);
            if (Files.isRegularFile(file)) {
                try (var content = Files.newInputStream(file)) {
                    Matcher loader = LOADER.matcher(new String(content.readNBytes(4096), ISO_8859_1));
                    if (loader.find() && Files.notExists(Path.of(loader.group(1)))) {
                        missing.add(loader.group(1));
                    }
                }
            }
        }
        LIBRARY.matcher(errors).results().map(found -> found.group(1)).forEach(missing::add);
        if (!missing.isEmpty()) {
            System.err.println("maven: a program that a plugin runs needs " + String.join(" and ", missing) + ", which the build image"
{% if cookiecutter.runtime_base == "alpine" %}
                    + " lacks. What programs for other Linuxes need, Alpine has as packages: add the line"
                    + " RUN apk add --no-cache gcompat libstdc++ to stage jdk of the Dockerfile.");
{% else %}
                    + " lacks: install it in stage jdk of the Dockerfile.");
{% endif %}
        }
    }

    /** The JDK of the image, for a project that has Maven look for one. A requirement without a range is compared as it is. */
    private static Path toolchains() throws IOException {
        String toolchains = Stream.of(String.valueOf(RELEASE), System.getProperty("java.version"))
                .map(version -> "<toolchain><type>jdk</type><provides>" + element("version", version) + "</provides>"
                        + "<configuration>" + element("jdkHome", System.getProperty("java.home")) + "</configuration></toolchain>")
                .collect(Collectors.joining());
        Files.createDirectories(TOOLCHAINS.getParent());
        return Files.writeString(TOOLCHAINS, "<toolchains>" + toolchains + "</toolchains>");
    }

    /** Options of Maven's resolver: https://maven.apache.org/resolver/expected-checksums.html. */
    private static List<String> heldTo(Path folder, boolean strictly) {
        String checks = "-Daether.artifactResolver.postProcessor.trustedChecksums";
        String source = "-Daether.trustedChecksumsSource.summaryFile";
        return List.of(checks + "=true", checks + ".checksumAlgorithms=SHA-256", checks + ".failIfMissing=" + strictly,
                source + "=true", source + ".originAware=false", source + ".basedir=" + folder);
    }

    /** The JVM wants a key store, not a PEM file. keytool takes but one certificate at a time. */
    private static void writeTrustStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        // What else is in the file (names of certificates, comments) Java would not pass over.
        for (MatchResult found : CERTIFICATE.matcher(Files.readString(BUNDLE, ISO_8859_1)).results().toList()) {
            var pem = new ByteArrayInputStream(found.group().getBytes(ISO_8859_1));
            store.setCertificateEntry("ca" + store.size(), CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        if (store.size() == 0) {
            System.err.println("maven: the secret `ca` holds no certificate in PEM format.");
            System.exit(1);
        }
        try (var file = Files.newOutputStream(TRUST_STORE)) {
            store.store(file, "changeit".toCharArray());
        }
    }

    /**
     * Copies what was downloaded out of the cache mount: what later stages need cannot be pruned under their feet, and
     * nothing that runs there can write to the cache. Where a file came from is left out: Maven would not take it from
     * a mirror that later stages do not know.
     */
    private static void copyRepository() throws IOException {
        try (Stream<Path> files = Files.walk(CACHE)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if (Files.isRegularFile(file) && !name.equals("_remote.repositories") && !name.endsWith(".lastUpdated")) {
                    Path copy = REPOSITORY.resolve(CACHE.relativize(file));
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** What HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, as settings: Maven reads proxies from nowhere else. */
    private static String proxies() {
        String elements =
                Stream.of("http", "https")
                        .filter(protocol -> !variable(protocol.toUpperCase() + "_PROXY").isEmpty())
                        .map(protocol -> proxy(protocol, variable(protocol.toUpperCase() + "_PROXY")))
                        .collect(Collectors.joining());
        // These settings take the place of Maven's own, which keep it from repositories without TLS.
        return "<settings><proxies>" + elements + "</proxies><mirrors><mirror><id>no-plain-http</id>"
                + "<mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked>"
                + "</mirror></mirrors></settings>";
    }

    private static String proxy(String protocol, String value) {
        URI address = URI.create(value.contains("://") ? value : "http://" + value);
        String user = address.getRawUserInfo() == null ? "" : address.getRawUserInfo();
        String[] account = user.split(":", 2);
        return "<proxy>" + element("id", protocol) + element("protocol", protocol)
                + element("host", address.getHost())
                + element("port", String.valueOf(address.getPort() < 0 ? 80 : address.getPort()))
                + (user.isEmpty() ? "" : element("username", URLDecoder.decode(account[0], UTF_8)))
                + (account.length < 2 ? "" : element("password", URLDecoder.decode(account[1], UTF_8)))
                + element("nonProxyHosts", hostsWithoutProxy()) + "</proxy>";
    }

    /** A name in NO_PROXY stands for itself and all names that end in it. */
    private static String hostsWithoutProxy() {
        return Arrays.stream(variable("NO_PROXY").split("[,\\s]+"))
                .map(name -> name.replaceFirst("^\\*?\\.", "").replaceFirst(":\\d+$", ""))
                .filter(name -> !name.isEmpty())
                .flatMap(name -> Stream.of(name, "*." + name))
                .collect(Collectors.joining("|"));
    }

    private static String element(String name, String text) {
        return "<" + name + ">" + text.replace("&", "&amp;").replace("<", "&lt;") + "</" + name + ">";
    }

    private static String variable(String name) {
        return System.getenv().getOrDefault(name, "");
    }
}
