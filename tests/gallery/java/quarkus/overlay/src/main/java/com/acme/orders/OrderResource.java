package com.acme.orders;

import jakarta.transaction.Transactional;
import jakarta.validation.Valid;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;

import java.util.List;

@Path("/orders")
public class OrderResource {
    @GET
    public List<Order> list() {
        return Order.listAll();
    }

    @POST
    @Transactional
    public Response add(@Valid Order order) {
        order.persist();
        return Response.status(Response.Status.CREATED).entity(order).build();
    }
}
