// What was said, and a new message.
const http = require("http");
const { MongoClient } = require("mongodb");

const TITLE = "Chat";
const client = new MongoClient(process.env.MONGO_URL, { useUnifiedTopology: true });

async function answer(request, response) {
  const messages = client.db().collection("messages");
  if (request.url === "/up") {
    await client.db().command({ ping: 1 });
    return response.end("up");
  }
  if (request.method === "POST") {
    let body = "";
    for await (const part of request) body += part;
    const said = await messages.insertOne({ text: new URLSearchParams(body).get("text") });
    response.writeHead(201, { "Content-Type": "application/json" });
    return response.end(JSON.stringify({ id: said.insertedId }));
  }
  const count = await messages.countDocuments();
  response.writeHead(200, { "Content-Type": "text/html" });
  return response.end(`<h1>${TITLE}</h1><p>${count} messages</p>`);
}

const server = http.createServer((request, response) =>
  answer(request, response).catch((error) => {
    response.writeHead(503);
    response.end(error.message);
  }));

client.connect().then(() => server.listen(3000));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
