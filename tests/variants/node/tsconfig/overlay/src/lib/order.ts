import { Type } from "class-transformer";
import { IsEmail, Min, ValidateNested } from "class-validator";

export enum Size {
  Small,
  Large,
}

export class Item {
  @Min(1) count!: number;
  size: Size = Size.Large;
}

function injectable(): ClassDecorator {
  return () => {};
}

export class Prices {
  of = (item: Item): number => item.count * 10;
}

@injectable()
export class Order {
  @IsEmail() email!: string;
  @ValidateNested() @Type(() => Item) item!: Item;
  constructor(readonly prices: Prices) {}
}
