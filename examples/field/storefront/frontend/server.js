// The pages: drawn here from what the API says.
const http = require("http");

const API = process.env.API_URL;
const TITLE = "Storefront";

const server = http.createServer(async (request, response) => {
  try {
    const answer = await fetch(`${API}/api/products`);
    const products = await answer.json();
    const lines = products.map((one) => `<li>${one.title}</li>`).join("");
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(`<h1>${TITLE}</h1><ul>${lines}</ul>`);
  } catch (error) {
    response.writeHead(502);
    response.end(`no products: ${error.message}`);
  }
});

server.listen(3000);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
