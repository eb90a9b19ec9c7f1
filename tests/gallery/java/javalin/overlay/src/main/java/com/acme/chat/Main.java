package com.acme.chat;

import freemarker.template.Configuration;
import freemarker.template.TemplateException;

import io.javalin.Javalin;
import io.javalin.http.Context;
import io.javalin.http.staticfiles.Location;
import io.javalin.rendering.FileRenderer;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;

class Main {
    void main() throws IOException {
        Rooms rooms = new Rooms();
        FileRenderer renderer = new Renderer();
        Javalin app =
                Javalin.create(
                        config -> {
                            config.startup.showJavalinBanner = false;
                            config.staticFiles.add("public", Location.EXTERNAL);
                            config.fileRenderer(renderer);
                            config.routes.get(
                                    "/", page -> page.render("index.ftlh", Map.of("title", "Rooms")));
                            config.routes.post("/rooms", rooms::add);
                            config.routes.get("/rooms/{id}", rooms::get);
                            config.routes.ws(
                                    "/chat",
                                    chat -> chat.onMessage(said -> said.send(said.message())));
                            config.routes.get("/healthz", probe -> probe.result("ok"));
                            config.routes.get("/readyz", probe -> probe.result("ok"));
                        });
        Runtime.getRuntime().addShutdownHook(new Thread(app::stop));
        app.start(Integer.parseInt(System.getenv("PORT")));
    }

    /** FreeMarker, with the templates of the project's folder. */
    private static final class Renderer implements FileRenderer {
        private final Configuration freemarker =
                new Configuration(Configuration.VERSION_2_3_34);

        Renderer() throws IOException {
            freemarker.setDirectoryForTemplateLoading(Path.of("templates").toFile());
        }

        @Override
        public String render(String name, Map<String, ? extends Object> model, Context context) {
            StringWriter page = new StringWriter();
            try {
                freemarker.getTemplate(name).process(model, page);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (TemplateException e) {
                throw new IllegalStateException(e);
            }
            return page.toString();
        }
    }
}
