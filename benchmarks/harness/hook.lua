-- wrk: a different RentProg-like delivery each time; the first argument is 16 hex letters that no other run has.
-- The bodies are those of benchmarks/harness/bodies.py (tests/unit/test_benchmarks.py compares them).
local template = '{"event":"booking_update","payload":"{\\"id\\"=>%d, \\"state\\"=>[\\"Новая\\", \\"Активная\\"], \\"mark\\"=>\\"%s%016x\\"}"}'
local run, sent = "", 0
refused = 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  run = args[1]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  local body = string.format(template, 80000 + sent % 500, run, sent)
  sent = sent + 1
  return wrk.format(nil, nil, nil, body)
end

function response(status)
  if status < 200 or status > 299 then refused = refused + 1 end
end

function done(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do bad = bad + thread:get("refused") end
  io.write(string.format('\n{"requests": %d, "seconds": %.6f, "failed": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, bad, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
