// Which lines go on with the one before them.

#include "rules/log_join.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "config/load.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;

namespace {

/// The join of a log source that the configuration gives like this.
LogJoin join_of(const std::string& written) {
  const Site site =
      story::load(std::string(story::city_hall) +
                  "  - {name: srv, kind: server, address: 127.9.0.99, logs: [{path: /a, join: " + written +
                  "}]}\n" + story::people);
  return site.devices[*site.device("srv")].logs[0].join;
}

/// The numbers of lines of which the entries consist.
std::vector<int> entries_of(const std::string& join, const std::vector<std::string>& lines) {
  const auto continues = continuation_test(join_of(join));
  std::vector<int> entries;
  for (const std::string& line : lines) {
    if (entries.empty() || !continues(line))
      entries.push_back(1);
    else
      ++entries.back();
  }
  return entries;
}

}  // namespace

TEST_CASE("the shapes of joins know stack traces and entries that begin with a date") {
  CHECK(entries_of("java", {"2026-11-24 09:00:00 ERROR x.Batch failed", "java.lang.IllegalStateException: no",
                            "\tat x.Batch.run(Batch.java:7)", "Caused by: java.io.IOException: disk",
                            "\tat x.Disk.read(Disk.java:9)", "\t... 12 more",
                            "2026-11-24 09:00:01 INFO on"}) == std::vector<int>{1, 5, 1});
  CHECK(entries_of("dated", {"2026-11-24T09:00:00.123456+09:00", "ORA-00600: internal error code",
                             "Tue Nov 24 09:00:01 2026", "Errors in file /u01/x.trc:", "ORA-07445: exception",
                             "2026/11/24 9:00:02 エラー", "アカウント名: sato", "",
                             "24-Nov-2026 09:00:03 INFO"}) == std::vector<int>{2, 3, 3, 1});
  CHECK(entries_of("indented", {"Event 4625", "  Account: x", "\tDomain: y", "Event 4624"}) ==
        std::vector<int>{3, 1});
  CHECK(entries_of("{continues: '^\\+'}", {"a", "+b", "c"}) == std::vector<int>{2, 1});
  CHECK(entries_of("{starts: '^BEGIN'}", {"BEGIN", "b", "c", "BEGIN"}) == std::vector<int>{3, 1});
}

TEST_CASE("a pattern of a join that the engine refuses is told and no join tests nothing") {
  LogJoin join;
  CHECK(join_error(join).empty());
  CHECK_FALSE(continuation_test(join));
  join.starts = "(unclosed";
  CHECK(join_error(join).find("RE2") != std::string::npos);
}
