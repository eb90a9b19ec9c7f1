import { Injectable } from "@nestjs/common";
import { CreateOrder } from "./create-order.dto";

@Injectable()
export class OrdersService {
  private readonly orders: CreateOrder[] = [];

  add(order: CreateOrder) {
    return { number: this.orders.push(order), ...order };
  }
}
