// Plays BizNexus: visits are rows.
const http = require("http");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 5 });

async function answer(request) {
  if (request.url === "/api/health") return [200, "application/json", '{"status": "ok"}'];
  if (request.method === "POST") {
    const { rows } = await pool.query("INSERT INTO visits (name) VALUES ('a visit') RETURNING id");
    return [201, "application/json", JSON.stringify(rows[0])];
  }
  const { rows } = await pool.query("SELECT count(*) FROM visits");
  const page = `<h1>BizNexus</h1><p>${process.env.VERSION}: ${rows[0].count} visits</p>`;
  return [200, "text/html", page];
}

const server = http.createServer((request, response) => {
  request.resume();
  answer(request)
    .catch((error) => [500, "text/plain", error.message])
    .then(([status, type, body]) => {
      response.writeHead(status, { "Content-Type": type, Connection: "close" });
      response.end(body);
    });
});
server.listen(9527, "0.0.0.0");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
