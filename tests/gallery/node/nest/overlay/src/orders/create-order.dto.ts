import { IsEmail, IsInt, Min } from "class-validator";

export class CreateOrder {
  @IsEmail()
  email: string;

  @IsInt()
  @Min(1)
  count: number;
}
