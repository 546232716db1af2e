// The smallest honest client of the Lambda Runtime API: imports the handler named by its argument, then next, handle, respond.
//
// AWS's own (aws-lambda-ric) compiles native code with CMake while it installs; this one does less, which favours Node.

import http from "node:http";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const request = http.request({ host, port, agent, method, headers, path: `/2018-06-01/runtime/${path}` }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const failure = (error) => JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: error.stack?.split("\n") });

let handle;
try {
  ({ handle } = await import(pathToFileURL(process.argv[2]).href));
} catch (error) {
  await call("POST", "init/error", failure(error));
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  try {
    await call("POST", `invocation/${id}/response`, JSON.stringify((await handle(JSON.parse(body))) ?? null));
  } catch (error) {
    await call("POST", `invocation/${id}/error`, failure(error));
  }
}
