import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Native libraries, but not the ones for systems of which no libc tells. */
static final Pattern LIBRARY = Pattern.compile("(?i)(?!.*(android|bsd|sunos|solaris|aix)).*\\.so(\\.[0-9]+)*");

/** Unpacks the native libraries for this kind of machine that jars carry, for ldd to look at. */
void main(String[] args) throws IOException {
    Path destination = Files.createDirectories(Path.of(args[1]));
    try (var jars = Files.newDirectoryStream(Path.of(args[0]), "*.jar")) {
        for (Path jar : jars) {
            unpack(jar, destination.resolve(jar.getFileName()));
        }
    }
}

void unpack(Path jar, Path destination) throws IOException {
    byte[] machine = machine(Files.newInputStream(Path.of("/proc/self/exe")));
    try (var content = new ZipFile(jar.toFile())) {
        for (ZipEntry entry : Collections.list(content.entries())) {
            if (LIBRARY.matcher(entry.getName()).matches()
                    && Arrays.equals(machine, machine(content.getInputStream(entry)))) {
                Path file = destination.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                Files.copy(content.getInputStream(entry), file);
            }
        }
    }
}

/** Word size, byte order and processor, as the header of a program or library (ELF) has them. */
byte[] machine(InputStream elf) throws IOException {
    try (elf) {
        byte[] header = elf.readNBytes(20);
        return header.length < 20 ? header : new byte[] {header[4], header[5], header[18], header[19]};
    }
}
