package service;

import static java.lang.System.Logger.Level.INFO;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;

/** Logs each request once it is answered. */
final class RequestLog implements Filter {
    private static final System.Logger LOG = System.getLogger(RequestLog.class.getName());

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        long start = System.nanoTime();
        try {
            chain.proceed();
        } finally {
            long micros = (System.nanoTime() - start) / 1000;
            LOG.log(
                    INFO,
                    "request",
                    JsonLog.fields()
                            .add("method", request.prologue().method().text())
                            .add("path", request.path().rawPath())
                            .add("status", response.status().code())
                            .add("duration_ms", micros / 1000.0)
                            .build());
        }
    }
}
