// Plays the frontend of CloudLens: one page.
const http = require("http");

const server = http.createServer((request, response) => {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end("<!doctype html><title>CloudLens</title><h1>CloudLens</h1>");
});
server.listen(3000, "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
