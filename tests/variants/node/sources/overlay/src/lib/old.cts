const { join } = require("node:path");

module.exports = { folder: join(__dirname, ".."), isMain: require.main === module };
