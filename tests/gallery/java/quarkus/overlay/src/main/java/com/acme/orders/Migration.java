package com.acme.orders;

import io.quarkus.logging.Log;
import io.quarkus.runtime.StartupEvent;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;

import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

@ApplicationScoped
public class Migration {
    @Inject Flyway flyway;

    /** Migrates once the database is there: the service starts without it. */
    void start(@Observes StartupEvent event) {
        Thread.startVirtualThread(this::migrate);
    }

    private void migrate() {
        while (true) {
            try {
                flyway.migrate();
                return;
            } catch (FlywayException e) {
                Log.warn("no database yet");
            }
            try {
                Thread.sleep(1000);
            } catch (InterruptedException e) {
                return;
            }
        }
    }
}
