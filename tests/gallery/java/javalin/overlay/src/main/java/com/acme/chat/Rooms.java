package com.acme.chat;

import io.javalin.http.BadRequestResponse;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.NotFoundResponse;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The rooms that are open, in memory. */
class Rooms {
    record Room(int id, String name) {}

    private static final Logger LOG = LoggerFactory.getLogger(Rooms.class);
    private final Map<Integer, Room> rooms = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();

    void add(Context context) {
        String name = context.bodyAsClass(Room.class).name();
        if (name == null || name.isBlank()) {
            throw new BadRequestResponse("a room has a name");
        }
        Room room = new Room(last.incrementAndGet(), name);
        rooms.put(room.id(), room);
        LOG.info("room opened");
        context.status(HttpStatus.CREATED).json(room);
    }

    void get(Context context) {
        Room room = rooms.get(context.pathParamAsClass("id", Integer.class).get());
        if (room == null) {
            throw new NotFoundResponse();
        }
        context.json(room);
    }
}
