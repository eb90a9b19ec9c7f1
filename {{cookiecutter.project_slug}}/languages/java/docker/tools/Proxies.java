import java.net.URI;
import java.net.URLDecoder;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Prints the proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name as settings of Maven. */
void main() {
    IO.println("<settings><proxies>");
    for (String protocol : new String[] {"http", "https"}) {
        String address = variable(protocol.toUpperCase() + "_PROXY");
        if (!address.isEmpty()) {
            IO.println(proxy(protocol, URI.create(address.contains("://") ? address : "http://" + address)));
        }
    }
    // These settings take the place of Maven's own, which keep it from repositories without TLS.
    IO.println("""
            </proxies><mirrors><mirror><id>no-plain-http</id><mirrorOf>external:http:*</mirrorOf>\
            <url>http://0.0.0.0/</url><blocked>true</blocked></mirror></mirrors></settings>""");
}

String proxy(String protocol, URI address) {
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
String hostsWithoutProxy() {
    return Arrays.stream(variable("NO_PROXY").split("[,\\s]+"))
            .map(name -> name.replaceFirst("^\\*?\\.", "").replaceFirst(":\\d+$", ""))
            .filter(name -> !name.isEmpty())
            .flatMap(name -> Stream.of(name, "*." + name))
            .collect(Collectors.joining("|"));
}

String element(String name, String text) {
    return "<" + name + ">" + text.replace("&", "&amp;").replace("<", "&lt;") + "</" + name + ">";
}

String variable(String name) {
    return System.getenv().getOrDefault(name, "");
}
