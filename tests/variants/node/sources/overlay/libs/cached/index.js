exports.engine = require("node:fs").existsSync(`${__dirname}/engine`);
