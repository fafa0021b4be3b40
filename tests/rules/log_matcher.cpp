#include "rules/log_matcher.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

using namespace nethealth;

namespace {

constexpr const char* small_pack = R"(
pack: small
rules:
  - id: disk
    class: hardware
    cause: device_hardware
    component: disk
    title: {ja: ディスク, en: disk}
    pattern: ['disk (?P<component>sd[a-z]) broken', 'ディスク.*故障']
    example: ['disk sda broken', 'ディスク1の故障']
    counter_example: disk sda fine
  - id: any_trouble
    class: software
    cause: service
    severity: stopped
    general: true
    title: {ja: 異常, en: trouble}
    pattern: broken|trouble
    example: trouble
  - id: refused
    class: security
    cause: unauthorised_access
    threat: 1b
    count: {times: 5, within: 5m}
    title: {ja: 拒否, en: refused}
    pattern: 'login refused(?: from (?P<source>\S+))?'
    example: login refused from 192.0.2.1
)";

std::optional<LogMatcher> compile(const std::vector<std::string>& packs, Problems& problems) {
  std::vector<Node> documents;
  for (const std::string& pack : packs)
    documents.push_back(parse_yaml(pack, "pack.yaml", Language::en, problems));
  return LogMatcher::compile(documents, Language::en, problems);
}

LogMatcher compiled(const std::string& pack) {
  Problems problems;
  auto matcher = compile({pack}, problems);
  for (const Problem& problem : problems) MESSAGE(problem.text());
  REQUIRE(matcher);
  return std::move(*matcher);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The only problem of a pack with one mistake.
Problem mistake(const std::string& pack) {
  Problems problems;
  CHECK_FALSE(compile({pack}, problems));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].line > 0);
  CHECK(problems[0].file == "pack.yaml");
  return problems[0];
}

}  // namespace

TEST_CASE("log matcher: a hit names the rule and what the line names") {
  const LogMatcher matcher = compiled(small_pack);
  const auto hits = matcher.match("kernel: disk sdb broken", {});
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].rule->id == "small.disk");
  CHECK(hits[0].rule->severity == Severity::at_risk);
  CHECK(hits[0].component == "sdb");
  CHECK(matcher.match("ディスク2に故障あり", {}).at(0).component == "disk");
  CHECK(matcher.match("nothing here", {}).empty());
  CHECK(matcher.match("", {}).empty());
}

TEST_CASE("log matcher: a general rule speaks only where no other does") {
  const LogMatcher matcher = compiled(small_pack);
  CHECK(matcher.match("disk sda broken", {}).size() == 1);
  const auto hits = matcher.match("fan broken", {});
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].rule->id == "small.any_trouble");
  CHECK(hits[0].rule->severity == Severity::stopped);
}

TEST_CASE("log matcher: only the named packs are matched") {
  const std::string other = with(with(small_pack, "pack: small", "pack: other"), "fine", "good");
  Problems problems;
  const auto matcher = compile({small_pack, other}, problems);
  REQUIRE(matcher);
  CHECK(matcher->packs() == std::vector<std::string>{"small", "other"});
  const std::vector<std::string> only_other{"other"}, none_such{"absent"};
  CHECK(matcher->match("disk sda broken", {}).size() == 2);
  REQUIRE(matcher->match("disk sda broken", only_other).size() == 1);
  CHECK(matcher->match("disk sda broken", only_other)[0].rule->id == "other.disk");
  CHECK(matcher->match("disk sda broken", none_such).empty());
  CHECK(matcher->find("other.disk"));
  CHECK_FALSE(matcher->find("other.absent"));
}

TEST_CASE("log matcher: the source is the group or the address that the line names") {
  const LogMatcher matcher = compiled(small_pack);
  const auto source = [&](const char* line) { return matcher.match(line, {}).at(0).source; };
  CHECK(source("login refused from 192.0.2.7") == "192.0.2.7");
  CHECK(source("Nov 24 09:00:00 192.0.2.1 app: login refused, client: 192.0.2.8, port 80") == "192.0.2.8");
  CHECK(source("192.0.2.9 login refused") == "192.0.2.9");
  CHECK(source("09:00:00 login refused; rhost=2001:db8::5") == "2001:db8::5");
  CHECK(source("login refused; src=[::ffff:192.0.2.6]") == "192.0.2.6");
  CHECK(source("login refused; ソース ネットワーク アドレス: 192.0.2.5") == "192.0.2.5");
  CHECK(source("login refused, version 1.2.3 at 09:00:00") == "");
}

TEST_CASE("log matcher: broken text is matched as far as it is text") {
  const LogMatcher matcher = compiled(small_pack);
  CHECK(matcher.match("\xFF\xC0 disk sda broken \xE3\x81", {}).size() == 1);
  CHECK(matcher.match(std::string("a\0 trouble\n", 11), {}).size() == 1);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  CHECK(matcher.match(every_byte, {}).empty());
}

TEST_CASE("log matcher: only the first 8 KiB of a line are looked at") {
  const LogMatcher matcher = compiled(small_pack);
  CHECK(matcher.match(std::string(8192 - 7, 'x') + "trouble", {}).size() == 1);
  CHECK(matcher.match(std::string(8192 - 6, 'x') + "trouble", {}).empty());
  CHECK(matcher.match(std::string(10'000'000, 'x') + "trouble", {}).empty());
}

TEST_CASE("log matcher: threads match at once") {
  const LogMatcher matcher = compiled(small_pack);
  std::vector<std::size_t> hits(4);
  std::vector<std::thread> threads;
  for (std::size_t& count : hits)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) count += matcher.match("disk sdb broken", {}).size();
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : hits) CHECK(count == 1000);
}

TEST_CASE("log matcher: each mistake in a pack is refused at its place") {
  CHECK(mistake(with(small_pack, "component: disk", "compnent: disk")).message.find("component") !=
        std::string::npos);
  CHECK(mistake(with(small_pack, "class: hardware", "class: hardwear")).line == 5);
  CHECK(mistake(with(small_pack, "cause: device_hardware", "cause: gremlins")).line == 6);
  CHECK(mistake(with(small_pack, "cause: device_hardware", "cause: malware")).line == 4);
  CHECK(mistake(with(small_pack, "severity: stopped", "severity: awful")).line == 15);
  CHECK(mistake(with(small_pack, "example: trouble", "example: bliss")).message.find("small.any_trouble") !=
        std::string::npos);
  CHECK(mistake(with(small_pack, "disk sda fine", "disk sda broken")).line == 11);
  CHECK(mistake(with(small_pack, "broken|trouble", "'(?=broken)trouble'")).message.find("RE2") !=
        std::string::npos);
  CHECK(mistake(with(small_pack, "broken|trouble", "'.*'")).message.find("literal") != std::string::npos);
  CHECK(mistake(with(small_pack, "within: 5m", "within: soon")).line == 24);
  CHECK(mistake(with(small_pack, "times: 5", "times: 1")).line == 24);
  CHECK(mistake(with(small_pack, "threat: 1b", "threat: 9z")).line == 23);
  CHECK(mistake(with(small_pack, "    threat: 1b\n", "")).message.find("threat") != std::string::npos);
  CHECK(mistake(with(small_pack, "id: any_trouble", "id: disk")).message.find("small.disk") !=
        std::string::npos);
  CHECK(mistake(with(small_pack, "title: {ja: 異常, en: trouble}", "title: trouble")).line == 17);
  CHECK(mistake("pack: small\nrules: none\n").message.find("rules") != std::string::npos);
}
