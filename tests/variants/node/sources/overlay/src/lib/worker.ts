import { parentPort } from "node:worker_threads";
import { double } from "../../shared/double.ts";

parentPort?.postMessage(double(21));
