// What is read and what it means, without sockets: identifiers, walks, interfaces, uptime.

#include <doctest/doctest.h>

#include <random>

#include "probes/snmp_codec.hpp"
#include "probes/snmp_interfaces.hpp"
#include "probes/snmp_totals.hpp"
#include "probes/snmp_uptime.hpp"
#include "probes/snmp_walk.hpp"

using namespace nethealth;

namespace {

const Oid column_a{1, 3, 1};
const Oid column_b{1, 3, 2};

SnmpResponse rows(std::vector<VarBind> varbinds) {
  SnmpResponse response;
  response.varbinds = std::move(varbinds);
  return response;
}

VarBind row(Oid oid, std::int64_t value) {
  return {std::move(oid), SnmpValue::of(value)};
}

SnmpResponse error(int status, int index) {
  SnmpResponse response;
  response.error_status = status;
  response.error_index = index;
  return response;
}

}  // namespace

TEST_CASE("an object identifier is read and written as dotted numbers and nothing else") {
  CHECK(parse_oid("1.3.6.1") == Oid{1, 3, 6, 1});
  CHECK(parse_oid("0.4294967295") == Oid{0, 4294967295});
  CHECK(oid_text({1, 3, 6}) == "1.3.6");
  for (const char* bad : {"", ".1.3", "1.3.", "1..3", "1.-3", "1.4294967296", "1.a", "1 .3"}) {
    CHECK_FALSE(parse_oid(bad));
  }
  std::string long_one = "1";
  for (int i = 0; i < 127; ++i) long_one += ".1";
  CHECK(parse_oid(long_one));
  CHECK_FALSE(parse_oid(long_one + ".1"));
}

TEST_CASE("text of an agent loses control and direction characters and bytes that are no UTF-8") {
  CHECK(printable(std::string_view("Fan\0\0", 5)) == "Fan");
  CHECK(printable("a\nb\x1B[31mc") == "a b [31mc");
  CHECK(printable("\xE2\x80\xAE"
                  "evil") == "evil");
  CHECK(printable("\xE9\x9B\xBB\xE6\xBA\x90 1") == "電源 1");
  CHECK(printable("\x93\x64") ==
        "\xEF\xBF\xBD"
        "d");
  CHECK(printable("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(printable(std::string(1'000, 'x')).size() == 255);
  CHECK(printable("\xE9\x9B").find("\xEF\xBF\xBD") == 0);
}

TEST_CASE("a number may come as text but text is no number") {
  CHECK(SnmpValue::of(std::string("42.5")).number() == 42.5);
  CHECK(SnmpValue::of(std::string("4294967296")).whole() == 4'294'967'296U);
  CHECK_FALSE(SnmpValue::of(std::string("42 V")).number());
  CHECK_FALSE(SnmpValue::of(std::string("nan")).number());
  CHECK_FALSE(SnmpValue::of(std::string("1e999")).number());
  CHECK_FALSE(SnmpValue::of(std::int64_t{-1}).whole());
  CHECK(SnmpValue::of_unsigned(18'446'744'073'709'551'615U).whole() == 18'446'744'073'709'551'615U);
}

TEST_CASE("identifiers keep their order and their numbers however long they are") {
  Oid shorter;
  for (std::uint32_t i = 0; i < 128; ++i) {
    Oid longer = shorter;
    longer.push_back(i);
    CHECK(longer.size() == i + 1);
    CHECK(longer.back() == i);
    CHECK(shorter < longer);
    CHECK(starts_with(longer, shorter));
    CHECK(index_of(longer, shorter) == Oid{i});
    CHECK(joined(shorter, {i}) == longer);
    CHECK(parse_oid(oid_text(longer)) == longer);
    const Oid copy = longer;
    shorter = std::move(longer);
    CHECK(shorter == copy);
  }
  CHECK(Oid{1, 3, 10} > Oid{1, 3, 9, 9});
  CHECK(Oid{1, 3} < Oid{1, 3, 0});
  CHECK(Oid{1, 3, 6} != Oid{1, 3});
}

TEST_CASE("identifiers are ordered as their numbers are") {
  std::mt19937 random(20261124);
  Oid used;  // moved from again and again
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint32_t> a(random() % 24), b;
    for (auto& number : a) number = random() % 8 == 0 ? UINT32_MAX - random() % 2 : random() % 2;
    b.assign(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(random() % (a.size() + 1)));
    while (random() % 3 != 0) b.push_back(random() % 3 == 0 ? UINT32_MAX : random() % 2);
    used.append(a.begin(), a.end());
    const Oid left = std::move(used), right(b.begin(), b.end());
    used = Oid();
    used.append(b.begin(), b.end());
    CHECK(used == right);
    used = Oid();
    CHECK((left <=> right) == (a <=> b));
    CHECK((left == right) == (a == b));
  }
}

TEST_CASE("a walk takes the rows of its columns and ends where each column ends") {
  SnmpWalk walk({column_a, column_b}, SnmpVersion::v2c);
  SnmpReadings readings;
  const auto first = walk.next();
  REQUIRE(first);
  CHECK(first->verb == SnmpVerb::get_bulk);
  CHECK(first->oids == std::vector<Oid>{column_a, column_b});
  CHECK(first->max_repetitions > 1);
  walk.accept(
      rows({row({1, 3, 1, 1}, 10), row({1, 3, 2, 1}, 20), row({1, 3, 1, 2}, 11), row({1, 3, 3, 1}, 99)}), 100,
      readings);
  const auto second = walk.next();
  REQUIRE(second);
  CHECK(second->oids == std::vector<Oid>{{1, 3, 1, 2}});
  walk.accept(rows({row({1, 3, 2, 1}, 20)}), 100, readings);
  CHECK_FALSE(walk.next());
  CHECK(readings.size() == 3);
  CHECK(walk.rows() == 3);
}

TEST_CASE("a walk asks for the rows that a table held last time and one more") {
  SnmpWalk walk({column_a}, SnmpVersion::v2c, 3);
  SnmpReadings readings;
  CHECK(walk.next()->max_repetitions == 4);
  walk.accept(rows({row({1, 3, 1, 1}, 1), row({1, 3, 1, 2}, 1)}), 100, readings);
  CHECK(walk.next()->max_repetitions == 2);
  walk.accept(rows({row({1, 3, 1, 3}, 1), row({1, 3, 1, 4}, 1)}), 100, readings);
  CHECK(walk.next()->max_repetitions > 4);  // it has grown
  CHECK(walk.table_rows() == 4);
}

TEST_CASE("a walk ends when an agent repeats itself or goes backwards") {
  for (const Oid& next : {Oid{1, 3, 1, 5}, Oid{1, 3, 1, 4}}) {
    SnmpWalk walk({column_a}, SnmpVersion::v2c);
    SnmpReadings readings;
    REQUIRE(walk.next());
    walk.accept(rows({row({1, 3, 1, 5}, 1), row(next, 1)}), 60, readings);
    CHECK_FALSE(walk.next());
    CHECK(walk.not_increasing());
    CHECK(readings.size() == 1);
  }
}

TEST_CASE("a walk ends at an empty answer and at the end of the view") {
  SnmpReadings readings;
  SnmpWalk empty({column_a, column_b}, SnmpVersion::v2c);
  REQUIRE(empty.next());
  empty.accept(rows({}), 40, readings);
  CHECK_FALSE(empty.next());
  SnmpWalk ended({column_a}, SnmpVersion::v2c);
  REQUIRE(ended.next());
  SnmpValue end;
  end.kind = SnmpValue::Kind::end_of_view;
  ended.accept(rows({{{1, 3, 1, 9}, end}}), 40, readings);
  CHECK_FALSE(ended.next());
  CHECK(readings.empty());
}

TEST_CASE("an endless walk is cut at its limit of rows and of bytes") {
  SnmpWalk by_rows({column_a}, SnmpVersion::v2c);
  SnmpReadings readings;
  std::uint32_t index = 0;
  std::size_t asked = 0;
  while (by_rows.next()) {
    REQUIRE(++asked <= max_walk_rows);
    std::vector<VarBind> more;
    for (int i = 0; i < 50; ++i) more.push_back(row({1, 3, 1, ++index}, 1));
    by_rows.accept(rows(std::move(more)), 1'000, readings);
  }
  CHECK(by_rows.cut());
  CHECK(by_rows.rows() == max_walk_rows);
  SnmpWalk by_bytes({column_a}, SnmpVersion::v2c);
  readings.clear();
  asked = 0;
  while (by_bytes.next()) {
    REQUIRE(++asked < 1'000);
    by_bytes.accept(rows({row({1, 3, 1, ++index}, 1)}), 16'000, readings);
  }
  CHECK(by_bytes.cut());
}

TEST_CASE("an answer that would be too big is asked for in smaller pieces until it cannot be smaller") {
  SnmpWalk walk({column_a, column_b}, SnmpVersion::v2c);
  SnmpReadings readings;
  auto request = walk.next();
  int last = request->max_repetitions + 1;
  bool narrowed = false;
  int asked = 0;
  while (request) {
    REQUIRE(++asked < 50);
    CHECK(request->max_repetitions <= last);
    last = request->max_repetitions;
    narrowed = narrowed || request->oids.size() == 1;
    walk.accept(error(snmp_error::too_big, 0), 40, readings);
    request = walk.next();
  }
  CHECK(narrowed);
  CHECK(walk.refused());
}

TEST_CASE("version 1 walks by single rows and ends a column at noSuchName") {
  SnmpWalk walk({column_a, column_b}, SnmpVersion::v1);
  SnmpReadings readings;
  CHECK(walk.next()->verb == SnmpVerb::get_next);
  walk.accept(rows({row({1, 3, 1, 1}, 1), row({1, 3, 2, 1}, 2)}), 60, readings);
  REQUIRE(walk.next());
  walk.accept(error(snmp_error::no_such_name, 2), 40, readings);
  const auto rest = walk.next();
  REQUIRE(rest);
  CHECK(rest->oids == std::vector<Oid>{{1, 3, 1, 1}});
  walk.accept(error(snmp_error::no_such_name, 1), 40, readings);
  CHECK_FALSE(walk.next());
  CHECK_FALSE(walk.refused());
}

TEST_CASE("a walk narrower than its columns serves all of them") {
  std::vector<Oid> columns;
  for (std::uint32_t i = 1; i <= max_columns_per_request + 5; ++i) columns.push_back({1, 3, i});
  SnmpWalk walk(columns, SnmpVersion::v2c);
  SnmpReadings readings;
  std::set<Oid> asked;
  int requests = 0;
  for (auto request = walk.next(); request; request = walk.next()) {
    REQUIRE(++requests < 10);
    std::vector<VarBind> answer;
    for (const Oid& oid : request->oids) {
      asked.insert(oid);
      answer.push_back(row({2, 1}, 0));
    }
    walk.accept(rows(std::move(answer)), 100, readings);
  }
  CHECK(asked.size() == columns.size());
}

TEST_CASE("objects that an agent lacks are left out and the others asked again") {
  SnmpGets gets({{1, 1}, {1, 2}, {1, 3}});
  SnmpReadings readings;
  CHECK(gets.next()->oids.size() == 3);
  gets.accept(error(snmp_error::no_such_name, 2), 40, readings);
  CHECK(gets.next()->oids == std::vector<Oid>{{1, 1}, {1, 3}});
  SnmpValue missing;
  missing.kind = SnmpValue::Kind::missing;
  gets.accept(rows({row({1, 1}, 7), {{1, 3}, missing}}), 40, readings);
  CHECK_FALSE(gets.next());
  CHECK(readings.size() == 1);
  CHECK(gets.missing() == std::set<Oid>{{1, 2}, {1, 3}});
}

TEST_CASE("a get that is refused ends and one that fails without saying where is split") {
  SnmpReadings readings;
  SnmpGets refused({{1, 1}, {1, 2}});
  REQUIRE(refused.next());
  refused.accept(error(snmp_error::authorization, 0), 40, readings);
  CHECK(refused.refusal() == snmp_error::authorization);
  CHECK_FALSE(refused.next());
  SnmpGets failing({{1, 1}, {1, 2}, {1, 3}, {1, 4}});
  int asked = 0;
  while (failing.next()) {
    REQUIRE(++asked < 20);
    failing.accept(error(snmp_error::general, 0), 40, readings);
  }
  CHECK(failing.missing().size() == 4);
}

TEST_CASE("interfaces take their names speeds and states from both tables") {
  SnmpReadings readings;
  const Oid table{1, 3, 6, 1, 2, 1, 2, 2, 1};
  const Oid extended{1, 3, 6, 1, 2, 1, 31, 1, 1, 1};
  const auto set = [&](const Oid& at, std::uint32_t column, std::uint32_t index, SnmpValue value) {
    readings[joined(at, {column, index})] = std::move(value);
  };
  set(table, 2, 1, SnmpValue::of(std::string("GigabitEthernet0/1")));
  set(table, 7, 1, SnmpValue::of(std::int64_t{1}));
  set(table, 8, 1, SnmpValue::of(std::int64_t{2}));
  set(table, 14, 1, SnmpValue::of_unsigned(5));
  set(table, 20, 1, SnmpValue::of_unsigned(6));
  set(table, 5, 1, SnmpValue::of_unsigned(4'294'967'295U));
  set(extended, 1, 1, SnmpValue::of(std::string("Gi0/1")));
  set(extended, 15, 1, SnmpValue::of_unsigned(10'000));
  readings[{1, 3, 6, 1, 2, 1, 10, 7, 2, 1, 19, 1}] = SnmpValue::of(std::int64_t{2});
  set(table, 7, 2, SnmpValue::of(std::int64_t{2}));
  set(table, 8, 2, SnmpValue::of(std::int64_t{5}));
  set(table, 5, 2, SnmpValue::of_unsigned(100'000'000));
  set(table, 7, 3, SnmpValue::of(std::int64_t{1}));  // a row cut off before its status
  SnmpTotals totals;
  const auto seen = interfaces_of(readings, totals);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].name == "Gi0/1");
  CHECK(seen[0].description == "GigabitEthernet0/1");
  CHECK(seen[0].index == 1);
  CHECK(seen[0].admin_up);
  CHECK_FALSE(seen[0].oper_up);
  CHECK(seen[0].in_errors == 5);
  CHECK(seen[0].out_errors == 6);
  CHECK(seen[0].speed_mbps == 10'000U);
  CHECK(seen[0].full_duplex == false);
  CHECK(seen[1].name == "2");
  CHECK_FALSE(seen[1].admin_up);
  CHECK(seen[1].oper_up);
  CHECK(seen[1].speed_mbps == 100U);
  CHECK_FALSE(seen[1].full_duplex.has_value());
}

TEST_CASE("uptime counts on over its wrap and a fall elsewhere is a restart") {
  using std::chrono::steady_clock;
  const steady_clock::time_point start{};
  SnmpUptime uptime;
  CHECK(uptime.read(4'294'960'000U, false, start).seconds == doctest::Approx(42'949'600.0));
  const auto wrapped = uptime.read(2'704U, false, start + std::chrono::seconds(100));
  CHECK_FALSE(wrapped.restarted);
  CHECK(wrapped.seconds == doctest::Approx(42'949'700.0));
  const auto restarted = uptime.read(500U, false, start + std::chrono::seconds(130));
  CHECK(restarted.restarted);
  CHECK(restarted.seconds == doctest::Approx(5.0));
  CHECK_FALSE(uptime.read(100U, true, start + std::chrono::seconds(160)).restarted);
}

TEST_CASE("error counters are totals that never fall") {
  SnmpTotals totals;
  const auto in = [&](std::uint64_t raw, std::uint64_t discontinuity) {
    return totals.total(3, SnmpTotals::in_errors, raw, discontinuity);
  };
  CHECK(in(4'294'967'000, 0) == 4'294'967'000);
  CHECK(in(704, 0) == 4'294'968'000);            // wrapped
  CHECK(in(10, 0) == 4'294'967'296 + 704 + 10);  // cleared by a person
  CHECK(in(15, 0) == 4'294'967'296 + 704 + 15);
  CHECK(in(20, 7) == 4'294'967'296 + 704 + 15 + 20);  // the agent says that it began anew
  CHECK(totals.total(3, SnmpTotals::out_errors, 5, 0) == 5);
  CHECK(totals.total(2, SnmpTotals::in_errors, 1, 0) == 1);
  CHECK(totals.total(3, SnmpTotals::in_errors, std::nullopt, 0) == 4'294'967'296 + 704 + 35);
}

TEST_CASE("a look that did not get as far as a counter tells its last total") {
  SnmpTotals totals;
  SnmpReadings readings;
  readings[{1, 3, 6, 1, 2, 1, 2, 2, 1, 7, 2}] = SnmpValue::of(std::int64_t{1});
  readings[{1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 2}] = SnmpValue::of(std::int64_t{1});
  readings[{1, 3, 6, 1, 2, 1, 2, 2, 1, 14, 2}] = SnmpValue::of_unsigned(100);
  readings[{1, 3, 6, 1, 2, 1, 2, 2, 1, 20, 2}] = SnmpValue::of_unsigned(7);
  CHECK(interfaces_of(readings, totals).at(0).in_errors == 100);
  readings.erase({1, 3, 6, 1, 2, 1, 2, 2, 1, 14, 2});
  readings[{1, 3, 6, 1, 2, 1, 2, 2, 1, 20, 2}] = SnmpValue::of_unsigned(9);
  const auto seen = interfaces_of(readings, totals);
  CHECK(seen.at(0).in_errors == 100);
  CHECK(seen.at(0).out_errors == 9);
}

TEST_CASE("a walk that bulk requests leave unanswered goes on by single rows") {
  SnmpWalk walk({column_a, column_b}, SnmpVersion::v2c);
  SnmpReadings readings;
  REQUIRE(walk.next()->verb == SnmpVerb::get_bulk);
  CHECK(walk.retry_gently());
  const auto gentle = walk.next();
  REQUIRE(gentle);
  CHECK(gentle->verb == SnmpVerb::get_next);
  CHECK(gentle->oids == std::vector<Oid>{column_a, column_b});
  walk.accept(rows({row({1, 3, 1, 1}, 1), row({1, 3, 2, 1}, 2)}), 50, readings);
  CHECK(readings.size() == 2);
  CHECK_FALSE(walk.retry_gently());
}

namespace {

std::string ber_field(int tag, const std::string& body) {
  std::string field{static_cast<char>(tag)};
  if (body.size() >= 0x80) field += '\x81';
  return field + static_cast<char>(body.size()) + body;
}

std::string ber_binding(const std::string& value) {
  return ber_field(0x30, ber_field(0x06, "\x2B\x06\x01\x87\x68") + value);  // 1.3.6.1.1000
}

std::string ber_answer(int version, int id, const std::string& bindings) {
  const auto number = [](int value) { return ber_field(0x02, std::string(1, static_cast<char>(value))); };
  const std::string pdu = ber_field(0xA2, number(id) + number(2) + number(3) + ber_field(0x30, bindings));
  return ber_field(0x30, number(version) + ber_field(0x04, "public") + pdu);
}

SnmpValue only_value(const std::string& value) {
  const SnmpAnswer answer = read_community_answer(ber_answer(1, 7, ber_binding(value)), 7, SnmpVersion::v2c);
  REQUIRE(answer.kind == SnmpAnswer::Kind::response);
  REQUIRE(answer.response.varbinds.size() == 1);
  CHECK(answer.response.varbinds[0].oid == Oid{1, 3, 6, 1, 1000});
  return answer.response.varbinds[0].value;
}

}  // namespace

TEST_CASE("an answer of a community holds every kind of value") {
  using Kind = SnmpValue::Kind;
  CHECK(only_value(ber_field(0x02, "\xFE")).integer == -2);
  CHECK(only_value(ber_field(0x41, {"\0\xFF\xFF\xFF\xFF", 5})).unsigned_integer == 0xFFFFFFFFU);
  CHECK(only_value(ber_field(0x43, "\xFF\xFF\xFF\xFF\x01")).unsigned_integer ==
        0xFFFFFF01U);  // 32 bits count
  CHECK(only_value(ber_field(0x46, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE")).unsigned_integer == UINT64_MAX - 1);
  CHECK(only_value(ber_field(0x04, "fan")).octets == "fan");
  CHECK(only_value(ber_field(0x40, "\x01\x02\x03\x04")).kind == Kind::address);
  CHECK(only_value(ber_field(0x06, "\x2B\x06")).oid() == Oid{1, 3, 6});
  CHECK(only_value(ber_field(0x05, "")).kind == Kind::null);
  CHECK(only_value(ber_field(0x80, "")).kind == Kind::missing);
  CHECK(only_value(ber_field(0x81, "")).kind == Kind::missing);
  CHECK(only_value(ber_field(0x82, "")).kind == Kind::end_of_view);
  CHECK(only_value(ber_field(0x44, {"\x9F\x78\x04\x42\x2A\0\0", 7})).real == 42.5);
  CHECK(only_value(ber_field(0x44, {"\x9F\x79\x08\xC0\x04\0\0\0\0\0\0", 11})).real == -2.5);
  CHECK(only_value(ber_field(0x44, "\x9F\x7A\x01\xFF")).integer == -1);
  CHECK(only_value(ber_field(0x44, "\x9F\x76\x01\xFF")).unsigned_integer == 255);
  CHECK(only_value(ber_field(0x44, "\x9F\x78\x02\x42\x2A")).kind == Kind::octets);  // no float has two bytes
}

TEST_CASE("an answer of a community says its error and its place") {
  const SnmpAnswer answer =
      read_community_answer(ber_answer(0, 7, ber_binding(ber_field(0x05, ""))), 7, SnmpVersion::v1);
  CHECK(answer.kind == SnmpAnswer::Kind::response);
  CHECK(answer.response.error_status == 2);
  CHECK(answer.response.error_index == 3);
  CHECK_FALSE(answer.authentic);
}

TEST_CASE("an answer of another version or request or with a damaged value is none") {
  const std::string good = ber_answer(1, 7, ber_binding(ber_field(0x04, "up")));
  const auto kind = [](const std::string& bytes, int id, SnmpVersion version) {
    return read_community_answer(bytes, id, version).kind;
  };
  CHECK(kind(good, 7, SnmpVersion::v2c) == SnmpAnswer::Kind::response);
  CHECK(kind(good, 8, SnmpVersion::v2c) == SnmpAnswer::Kind::undecodable);
  CHECK(kind(good, 7, SnmpVersion::v1) == SnmpAnswer::Kind::undecodable);
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes)
    CHECK(kind(good.substr(0, bytes), 7, SnmpVersion::v2c) == SnmpAnswer::Kind::undecodable);
  for (const std::string& value :
       {ber_field(0x02, ""), ber_field(0x46, "0123456789"), std::string("\x04\x7F")})
    CHECK(kind(ber_answer(1, 7, ber_binding(value)), 7, SnmpVersion::v2c) == SnmpAnswer::Kind::undecodable);
}
