import { double } from "../../shared/double.ts";

process.send?.(double(double(10)));
