import { Controller, Get, Module } from "@nestjs/common";
import { OrdersModule } from "./orders/orders.module";

@Controller()
class AppController {
  @Get()
  hello() {
    return { message: "Hello" };
  }

  @Get("healthz")
  health() {
    return { status: "ok" };
  }
}

@Module({ imports: [OrdersModule], controllers: [AppController] })
export class AppModule {}
