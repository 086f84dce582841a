// The dashboard as somebody sees it: figures of the reports, a promoter who shows at once, a key that is revoked.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const [server, port, file, executablePath, screenshot] = process.argv.slice(2);

async function ask(token, method, path, body) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(server + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

const { access_token: admin } = await ask(null, "POST", "/v1/auth/login", { email: "admin@demo.test", password: "touchbase-demo" });
const key = await ask(admin, "POST", "/v1/api-keys", { name: "Dashboard", role: "viewer" });

const pages = createServer((_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(readFileSync(file)));
await new Promise((done) => pages.listen(Number(port), "127.0.0.1", done));

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 860 }, colorScheme: "light" });
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/?server=${encodeURIComponent(server)}`);

  // A wrong key is told, in the server's words.
  await page.fill("#key", "tb_nonsense");
  await page.click("button");
  await page.waitForFunction(() => document.querySelector("#state.broken")?.textContent.includes("API key"));

  await page.fill("#key", key.secret);
  await page.click("button");
  await page.waitForSelector("#state.live");
  const report = await ask(admin, "GET", `/v1/reports/nps?from=${day(365)}`);
  const shown = (id) => page.textContent(`#${id}`);
  assert.equal(await shown("answers"), String(report.overall.responses));
  assert.ok(report.overall.responses > 0, "the demonstration has answers");
  assert.equal(Number((await shown("score")).replace("−", "-")), Math.round(report.overall.score));
  assert.equal(await page.locator("#nps circle").count(), report.by_month.filter((month) => month.score !== null).length);
  assert.ok((await page.locator("#hours rect").count()) > 4);
  assert.ok((await page.locator("#people rect").count()) > 0);

  // Somebody answers, and it shows by itself.
  const customers = await ask(admin, "GET", "/v1/customers?limit=1");
  await ask(admin, "POST", "/v1/nps-responses", { customer_id: customers.data[0].id, score: 10, source: "call" });
  await page.waitForFunction(() => document.querySelector("#events li")?.textContent.includes("nps response created"));
  await page.waitForFunction((count) => document.querySelector("#answers").textContent === String(count), report.overall.responses + 1);
  if (screenshot) await page.screenshot({ path: screenshot });

  // Its key is revoked: it says so, and asks no more.
  const id = (key.api_key ?? key).id;
  await ask(admin, "DELETE", `/v1/api-keys/${id}`);
  await ask(admin, "POST", "/v1/nps-responses", { customer_id: customers.data[0].id, score: 9, source: "call" });
  await page.waitForSelector("#state.broken", { timeout: 60_000 });
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
  pages.close();
}
console.log("the dashboard shows what the reports say, and what happens");

function day(ago) {
  return new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
}
