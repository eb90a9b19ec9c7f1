package com.acme.books;

import org.flywaydb.core.api.FlywayException;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.context.annotation.Bean;

@SpringBootApplication
public class Application {
    public static void main(String[] args) {
        SpringApplication.run(Application.class, args);
    }

    /** Migrates once the database is there: the service starts without it. */
    @Bean
    FlywayMigrationStrategy whenTheDatabaseIsThere() {
        return flyway ->
                Thread.startVirtualThread(
                        () -> {
                            while (true) {
                                try {
                                    flyway.migrate();
                                    return;
                                } catch (FlywayException e) {
                                    LoggerFactory.getLogger(Application.class).warn("no database yet");
                                }
                                try {
                                    Thread.sleep(1000);
                                } catch (InterruptedException e) {
                                    return;
                                }
                            }
                        });
    }
}
