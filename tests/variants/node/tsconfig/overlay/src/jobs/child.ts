process.send?.("a child");
