// Evidence that leaves the journal, the files that people hand in, and the audit trail.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <sstream>

#include "agent/attachment_folder.hpp"
#include "agent/audit_trail.hpp"
#include "agent/digest.hpp"
#include "agent/event_json.hpp"
#include "agent/evidence_export.hpp"
#include "agent/line_time.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/sample_times.hpp"
#include "tests/agent/temporary_folder.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

std::string content_of(const EvidenceParcel& parcel, const std::string& name) {
  for (const auto& [file, content] : parcel.files)
    if (file == name) return content;
  return "no such file";
}

JournalRecord record_of(const Event& event, std::uint64_t sequence) {
  return {sequence, event.time, std::string(type_word(event)), journal_text(event), std::string(64, 'a')};
}

/// A misconduct incident with two lines, one of them from before, and a file that was handed in.
struct Proof {
  TemporaryFolder folder;
  std::unique_ptr<Configuration> configuration = city::load(folder);
  IncidentPicture incident;
  std::vector<JournalRecord> records;
  AttachmentFolder::Files files{{sha256_text("photo"), "photo"}};

  Proof() {
    incident.number = 3;
    incident.opened = samples::noon();
    incident.now.procedure = ProcedureKind::misconduct;
    incident.records.push_back({{"note", "", "sato", "", "見た"}, samples::noon()});
    incident.records[0].what.attachments = {{"../photo.jpg", sha256_text("photo"), 5},
                                            {"lost.bin", sha256_text("lost"), 4}};
    EvidenceKept first{"cs-1",       "/log/a.log", 10, "2026-11-24 12:00:02 番号 123456789012\tx",
                       "security.x", "root"};
    first.seen = samples::noon() - 1s;
    records.push_back(record_of({samples::noon(), 3, first}, 7));
    records.push_back(
        record_of({samples::noon(), 3, EvidenceKept{"cs-1", "/log/a.log", 90, "no time here"}}, 8));
  }
  static LogSourceSeen source_seen() {
    LogSourceSeen seen;
    seen.source = "/log/*.log";
    seen.last = samples::noon();
    seen.ahead = 3'040ms;
    return seen;
  }
  [[nodiscard]] EvidenceParcel pack() const {
    return pack_evidence({configuration->site,
                          configuration->procedures,
                          incident,
                          records,
                          files,
                          "/state.attachments",
                          "installation",
                          {8, "headhash"},
                          "sato",
                          samples::noon() + 1min,
                          Language::en,
                          {{"cs-1", source_seen()}}});
  }
};

}  // namespace

TEST_CASE("exported evidence is checked by its list of sums and has the lines with their places") {
  const Proof proof;
  const EvidenceParcel parcel = proof.pack();
  CHECK(parcel.lines == 2);
  REQUIRE(parcel.files.back().first == "SHA256SUMS");
  CHECK(parcel.digest == sha256_text(parcel.files.back().second));
  std::string sums;
  for (std::size_t i = 0; i + 1 < parcel.files.size(); ++i)
    sums += sha256_text(parcel.files[i].second) + "  " + parcel.files[i].first + "\n";
  CHECK(parcel.files.back().second == sums);
  const std::string lines = content_of(parcel, "lines.tsv");
  CHECK(lines.find(
            "2026-11-24T11:59:59.000+09:00\tcs-1\t/log/a.log\t10\tsecurity.x\troot\t2026-11-24 12:00:02 番号 "
            "123456789012\\tx\n") != std::string::npos);
  CHECK(content_of(parcel, "journal.jsonl").find("\"sequence\":7") != std::string::npos);
}

TEST_CASE("exported evidence says who took it and how far the clock of its source was off") {
  const Proof proof;
  const std::string about = content_of(proof.pack(), "about.txt");
  for (const char* part : {"佐藤", "(sato)", "2026-11-24T12:01:00.000+09:00", "headhash", "+3.000 s (1 lines",
                           "cs-1 /log/*.log: last line 2026-11-24T12:00:00.000+09:00, clock +3.0 s\n"})
    CHECK_MESSAGE(about.find(part) != std::string::npos, part, about);
  CHECK(about.find("lost.bin") != std::string::npos);
}

TEST_CASE("an attached file is exported under a name that stays inside the folder") {
  const Proof proof;
  const EvidenceParcel parcel = proof.pack();
  const std::string name = "attachment-" + sha256_text("photo").substr(0, 12) + "-_.._photo.jpg";
  CHECK(content_of(parcel, name) == "photo");
  const Result<EvidenceParcel> read = parcel_from_json(parcel_json(parcel, 3));
  REQUIRE(read.has_value());
  CHECK(read->files == parcel.files);
  const TemporaryFolder folder;
  const std::string to = folder.file("proof");
  REQUIRE(write_parcel(*read, to).has_value());
  CHECK_FALSE(write_parcel(*read, to).has_value());
  struct stat status {};
  REQUIRE(stat((to + "/lines.tsv").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("an answer that is no evidence is refused and names cannot climb out") {
  CHECK_FALSE(parcel_from_json("").has_value());
  CHECK_FALSE(parcel_from_json(R"({"files":[{"name":"a","base64":"%"}]})").has_value());
  const auto parcel = parcel_from_json(R"({"files":[{"name":"../../etc/passwd","base64":"eA=="}]})");
  REQUIRE(parcel.has_value());
  CHECK(parcel->files[0].first == "_.._.._etc_passwd");
}

TEST_CASE("the time of a log line is read in the forms that logs have") {
  const auto same = [&](const char* line) {
    return time_in_line(line, samples::noon() + 5min, samples::tokyo()) == samples::noon();
  };
  CHECK(same("2026-11-24T12:00:00.000+09:00 cs-1 x"));
  CHECK(same("2026-11-24T03:00:00Z x"));
  CHECK(same("[2026/11/24 12:00:00] x"));
  CHECK(same("<13>Nov 24 12:00:00 cs-1 sshd[1]: x"));
  CHECK(same("192.0.2.1 - - [24/Nov/2026:12:00:00 +0900] \"GET\""));
  CHECK(same("192.0.2.1 - - [24/Nov/2026:03:00:00 +0000] \"GET\""));
  CHECK(time_in_line("Dec 31 23:59:59 x", *parse_time("2027-01-01T00:00:01+09:00"), samples::tokyo()) ==
        *parse_time("2026-12-31T23:59:59+09:00"));
  for (const char* line :
       {"", "no time", "2026-13-45T00:00:00Z", "Nov 31 12:00:00", "12:00:00 only", "2026-11-24T25:00:00"})
    CHECK_MESSAGE(!time_in_line(line, samples::noon(), samples::tokyo()), line);
}

TEST_CASE("base64 is read as it is written and nothing else is") {
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string("ab"), std::string("abc"), std::string(1000, '\0')})
    CHECK(from_base64(base64(bytes)) == bytes);
  for (const char* wrong : {"a", "ab=", "a===", "====", "ab c", "YQ==YQ==", "YQ=\n"})
    CHECK_FALSE(from_base64(wrong));
}

TEST_CASE("a file that was handed in is kept once under its digest for its owner only") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  AttachmentFolder attachments(io, folder.file("state.db.attachments"));
  const std::string digest = sha256_text("content");
  bool done = false;
  attachments.keep({{digest, "content"}}, [&](const Result<void>& result) {
    CHECK(result.has_value());
    done = true;
  });
  REQUIRE(run_until(io, [&] { return done; }));
  struct stat status {};
  REQUIRE(stat((attachments.path() + "/" + digest).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  std::optional<AttachmentFolder::Files> read;
  attachments.read({digest, "../nethealth.yaml", sha256_text("other")}, 100,
                   [&](const auto& files) { read = files; });
  REQUIRE(run_until(io, [&] { return read.has_value(); }));
  CHECK(*read == AttachmentFolder::Files{{digest, "content"}});
  std::ofstream(attachments.path() + "/" + digest) << "changed";
  read.reset();
  attachments.read({digest}, 100, [&](const auto& files) { read = files; });
  REQUIRE(run_until(io, [&] { return read.has_value(); }));
  CHECK(read->empty());
}

TEST_CASE("a journal in memory takes no files and says so") {
  boost::asio::io_context io;
  AttachmentFolder attachments(io, "");
  std::optional<Result<void>> result;
  attachments.keep({{sha256_text("x"), "x"}}, [&](const Result<void>& kept) { result = kept; });
  REQUIRE(run_until(io, [&] { return result.has_value(); }));
  CHECK_FALSE(result->has_value());
}

TEST_CASE("the records of one incident are read back from the journal with their hashes") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  auto store = Store::open(io, folder.file("state.db"), Language::en);
  REQUIRE(store.has_value());
  Batch batch;
  batch.events = {{samples::noon(), 1, IncidentStep{"note", "", "sato", "", "\"incident\":2, is only text"}},
                  {samples::noon(), 2, EvidenceKept{"cs-1", "a.log", 4, "line"}},
                  {samples::noon(), 0, AuditRecord{"LOG-IN", "sato", "x"}},
                  {samples::noon(), 12, IncidentRestored{}}};
  bool committed = false;
  (*store)->commit(batch, [&](const Result<void>& result) { committed = result.has_value(); });
  REQUIRE(run_until(io, [&] { return committed; }));
  std::optional<std::vector<JournalRecord>> records;
  (*store)->records(2, [&](const Result<std::vector<JournalRecord>>& read) {
    if (read) records = *read;
  });
  REQUIRE(run_until(io, [&] { return records.has_value(); }));
  REQUIRE(records->size() == 1);
  CHECK(records->front().sequence == 2);
  CHECK(records->front().type == "incident.evidence");
  CHECK(records->front().hash.size() == 64);
}

TEST_CASE("the audit trail tells each way in once and a change of configuration by its files") {
  std::vector<AuditRecord> kept;
  AuditTrail trail([&](const AuditRecord& record) { kept.push_back(record); });
  trail.acts("sato", "socket", "sato");
  trail.acts("sato", "socket", "sato");
  trail.acts("sato", "token", "192.0.2.9");
  REQUIRE(kept.size() == 2);
  CHECK(kept[1].code == "LOG-IN");
  CHECK(kept[1].values.at("from") == "192.0.2.9");
  trail.configuration({{"a.yaml", "1"}, {"b.yaml", "2"}}, {{"a.yaml", "0"}, {"c.yaml", "3"}});
  CHECK(kept.back().text == "configuration read: changed a.yaml, new b.yaml, gone c.yaml");
  CHECK(kept.back().values.at("a.yaml") == "1");
  trail.configuration({{"a.yaml", "1"}}, {{"a.yaml", "1"}});
  CHECK(kept.back().text == "configuration read, as before");
}

TEST_CASE("refused log-ins beyond the hour's budget are counted and told in the next hour") {
  std::vector<AuditRecord> kept;
  AuditTrail trail([&](const AuditRecord& record) { kept.push_back(record); });
  for (std::size_t i = 0; i < refusals_recorded_an_hour + 5; ++i)
    trail.refused("x", "password", "192.0.2.9", samples::noon());
  CHECK(kept.size() == refusals_recorded_an_hour);
  trail.refused("x", "password", "192.0.2.9", samples::noon() + 1h);
  REQUIRE(kept.size() == refusals_recorded_an_hour + 2);
  CHECK(kept[refusals_recorded_an_hour].values.at("count") == "5");
}
