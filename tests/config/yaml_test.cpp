#include <doctest/doctest.h>

#include <string>

#include "config/node.hpp"

using namespace nethealth;

namespace {

struct Parsed {
  Node node;
  Problems problems;
};

Parsed parse(const std::string& text) {
  Parsed parsed;
  parsed.node = parse_yaml(text, "f.yaml", Language::en, parsed.problems);
  return parsed;
}

}  // namespace

TEST_CASE("nodes know their kind and place and whether they were quoted") {
  const Parsed parsed = parse("a: 1\nb: \"2\"\nc:\n  - x\n  - {d: 'y', e: ~}\nf: |\n  line\n");
  CHECK(parsed.problems.empty());
  const Node& root = parsed.node;
  CHECK(root.kind == Node::Kind::map);
  REQUIRE(root.find("a") != nullptr);
  CHECK_FALSE(root.find("a")->quoted);
  CHECK(root.find("b")->quoted);
  CHECK(root.find("f")->quoted);
  CHECK(root.find("f")->value == "line\n");
  const Node& list = *root.find("c");
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[0].line == 4);
  CHECK(list.items[0].column == 5);
  CHECK(list.items[1].find("e")->kind == Node::Kind::null);
  CHECK(list.items[1].find("d")->column == 9);
  CHECK(list.items[1].find("d")->file == "f.yaml");
  CHECK(root.find("none") == nullptr);
}

TEST_CASE("an empty document is a null node") {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "\xEF\xBB\xBF"}) {
    const Parsed parsed = parse(text);
    CHECK(parsed.problems.empty());
    CHECK(parsed.node.kind == Node::Kind::null);
  }
}

TEST_CASE("a byte order mark and carriage returns are tolerated") {
  const Parsed parsed = parse(
      "\xEF\xBB\xBF"
      "a: b\r\nc: {d: e}\r\n");
  CHECK(parsed.problems.empty());
  REQUIRE(parsed.node.find("c") != nullptr);
  CHECK(parsed.node.find("a")->value == "b");
  CHECK(parsed.node.find("a")->column == 4);
  CHECK(parsed.node.find("c")->find("d")->column == 8);
}

TEST_CASE("thirty-two levels are read and the thirty-third is refused") {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + "x" + std::string(levels, ']');
  };
  CHECK(parse(nested(32)).problems.empty());
  const Parsed parsed = parse(nested(33));
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].column == 33);
  CHECK(parse(nested(100'000)).problems.size() == 1);
  std::string block;
  for (int i = 0; i < 2'000; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(parse(block).problems.size() == 1);
  std::string dashes;
  for (int i = 0; i < 100'000; ++i) dashes += "- ";
  CHECK(parse(dashes).problems.size() == 1);
}

TEST_CASE("more than sixteen mebibytes are refused before they are parsed") {
  const Parsed parsed = parse(std::string(16UL * 1024 * 1024 + 1, '\n'));
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].message.find("16 MiB") != std::string::npos);
  CHECK(parsed.problems[0].text().starts_with("f.yaml:1:1: "));
}

TEST_CASE("a line of more than a mebibyte is refused before it is parsed") {
  const Parsed parsed = parse("a: b\n[" + std::string(1024UL * 1024, ',') + "]\n");
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].line == 2);
  CHECK(parsed.problems[0].message.find("1 MiB") != std::string::npos);
  CHECK(parse("a: " + std::string(1024UL * 1024 - 3, 'b') + "\n").problems.empty());
}

TEST_CASE("a file of nothing but mistakes is given up after a thousand") {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "- &a b\n";
  CHECK(parse(text).problems.size() == 1'000);
}

TEST_CASE("more than a million values are refused") {
  std::string text = "[";
  for (int i = 0; i < 1'000'001; ++i) text += "1,\n";
  const Parsed parsed = parse(text + "]");
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].message.find("too many values") != std::string::npos);
}

TEST_CASE("invalid bytes are refused at their place") {
  struct Case {
    const char* text;
    int line;
    int column;
  };
  const Case cases[] = {{"a: \xC0\xAF", 1, 4},
                        {"a: \xED\xA0\x80", 1, 4},
                        {"a: \xF5\x80\x80\x80", 1, 4},
                        {"a: b\nc: \xE3\x81", 2, 4},
                        {"\xFF\xFE"
                         "a",
                         1, 1},
                        {"a: 市\x80", 1, 5},
                        {"a: \x01", 1, 4},
                        {"a: \x7F", 1, 4}};
  for (const Case& c : cases) {
    const Parsed parsed = parse(c.text);
    REQUIRE(parsed.problems.size() == 1);
    CHECK(parsed.problems[0].line == c.line);
    CHECK(parsed.problems[0].column == c.column);
  }
  CHECK(parse(std::string("a\0b", 3)).problems.size() == 1);
}

TEST_CASE("a repeated key keeps its first value and reading goes on") {
  const Parsed parsed = parse("a: 1\nb: 2\na: 3\nb: 4\nc: 5\n");
  CHECK(parsed.problems.size() == 2);
  REQUIRE(parsed.node.entries.size() == 3);
  CHECK(parsed.node.find("a")->value == "1");
  CHECK(parsed.node.find("c")->value == "5");
}

TEST_CASE("a missing file and a folder are told as such") {
  Problems problems;
  CHECK(read_yaml("/nonexistent/f.yaml", Language::en, problems).kind == Node::Kind::null);
  CHECK(read_yaml("/", Language::en, problems).kind == Node::Kind::null);
  CHECK(read_yaml("/dev/zero", Language::ja, problems).kind == Node::Kind::null);
  REQUIRE(problems.size() == 3);
  CHECK(problems[0].message.find("no such file") != std::string::npos);
  CHECK(problems[1].message.find("regular file") != std::string::npos);
  CHECK(problems[2].message.find("通常のファイル") != std::string::npos);
}

TEST_CASE("the nearest word is near or none") {
  const std::vector<std::string_view> known{"address", "name", "kind", "calendar"};
  CHECK(nearest_word("adress", known) == "address");
  CHECK(nearest_word("addresses", known) == "address");
  CHECK(nearest_word("nmae", known) == "name");
  CHECK(nearest_word("calender", known) == "calendar");
  CHECK(nearest_word("zzz", known).empty());
  CHECK(nearest_word("", known).empty());
  CHECK(nearest_word(std::string(100'000, 'a'), known).empty());
}
