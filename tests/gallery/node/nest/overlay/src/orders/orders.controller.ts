import { Body, Controller, Post } from "@nestjs/common";
import { CreateOrder } from "./create-order.dto";
import { OrdersService } from "./orders.service";

@Controller("orders")
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  create(@Body() order: CreateOrder) {
    return this.orders.add(order);
  }
}
