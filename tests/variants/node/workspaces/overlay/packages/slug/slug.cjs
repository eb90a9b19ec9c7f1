if (require("ms/package.json").version !== "2.0.0") throw new Error("another ms");
exports.__esModule = true;
module.exports = (text) => require("slugify")(text, { lower: true, locale: "de" });
module.exports.default = module.exports;
