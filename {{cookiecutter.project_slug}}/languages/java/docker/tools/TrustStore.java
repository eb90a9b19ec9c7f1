import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** Writes the certificates of a PEM file into a key store: keytool takes but one at a time. */
void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (var pem = Files.newInputStream(Path.of(args[0]))) {
        for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
            store.setCertificateEntry("ca" + store.size(), certificate);
        }
    }
    try (var file = Files.newOutputStream(Path.of(args[1]))) {
        store.store(file, "changeit".toCharArray());
    }
}
