#include "agent/evidence_export.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "agent/digest.hpp"
#include "agent/event_json.hpp"
#include "agent/line_time.hpp"
#include "agent/report_procedure.hpp"
#include "agent/report_text.hpp"
#include "probes/json_text.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

constexpr std::size_t digest_shown_in_a_name = 12;

/// One field of a line of text: a tab or a line end in it would make two.
std::string field(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\')
      safe += "\\\\";
    else if (c == '\t')
      safe += "\\t";
    else if (c == '\n' || c == '\r')
      safe += c == '\n' ? "\\n" : "\\r";
    else
      safe += c;
  }
  return safe;
}

/// What stands in a folder under the name a person gave: no path, no control character, no leading dot.
std::string safe_name(const std::string& name) {
  std::string safe;
  for (const char c : name)
    safe += c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '_' : c;
  if (safe.empty() || safe.front() == '.') safe.insert(safe.begin(), '_');
  return std::string(cut_utf8(safe, 120));
}

std::string seconds_text(Milliseconds time) {
  const std::int64_t count = time.count();
  const std::string digits = std::to_string(1000 + std::abs(count) % 1000).substr(1);
  return (count < 0 ? "-" : "+") + std::to_string(std::abs(count) / 1000) + "." + digits + " s";
}

struct Lines {
  std::string text;
  std::size_t count = 0;
  std::map<std::pair<std::string, std::string>, ClockOffset> clocks;
};

struct KeptLine {
  Time read;
  EvidenceKept kept;
};

Lines lines_of(const EvidenceSource& source) {
  std::vector<KeptLine> all;
  for (const JournalRecord& record : source.records) {
    if (record.type != "incident.evidence") continue;
    const Result<Event> event = parse_journal(record.body);
    if (!event || event->incident != source.incident.number) continue;
    const auto& kept = std::get<EvidenceKept>(event->what);
    all.push_back({kept.seen.value_or(event->time), kept});
  }
  std::ranges::stable_sort(all, [](const KeptLine& left, const KeptLine& right) {
    return std::tie(left.kept.device, left.kept.file, left.read, left.kept.offset) <
           std::tie(right.kept.device, right.kept.file, right.read, right.kept.offset);
  });
  Lines lines;
  lines.count = all.size();
  lines.text = "# read\tdevice\tfile\toffset\trule\tsource\tline\n";
  for (const KeptLine& line : all) {
    const EvidenceKept& kept = line.kept;
    lines.text += format_time(line.read, source.site.zone) + "\t" + field(kept.device) + "\t" +
                  field(kept.file.empty() ? "(SNMP trap)" : kept.file) + "\t" + std::to_string(kept.offset) +
                  "\t" + field(kept.rule) + "\t" + field(kept.source) + "\t" + field(kept.line) + "\n";
    ClockOffset& clock = lines.clocks[{kept.device, kept.file}];
    if (const auto own = time_in_line(kept.line, line.read, source.site.zone)) clock.add(*own - line.read);
  }
  return lines;
}

std::string journal_lines(const EvidenceSource& source) {
  std::string text;
  for (const JournalRecord& record : source.records) {
    JsonWriter writer(text);
    writer.count("sequence", record.sequence);
    writer.integer("time", record.time.time_since_epoch().count());
    writer.text("type", record.type);
    writer.text("hash", record.hash);
    writer.text("body", record.body);
    writer.end();
    text += '\n';
  }
  return text;
}

std::string clocks_text(const Lines& lines, Language language) {
  std::string text =
      in(language, "ログ機器の時計のずれ（行に書かれた時刻 - 読んだ時刻。届くまでの遅れだけ小さく出る）:\n",
         "Clock offset of each log source (the line's own time minus the time it was read; "
         "the delay of its delivery makes it smaller):\n");
  for (const auto& [key, clock] : lines.clocks) {
    text += "  " + field(key.first) + " " + field(key.second.empty() ? "(SNMP trap)" : key.second) + ": ";
    if (clock.lines == 0)
      text += in(language, "行に時刻がない\n", "the lines tell no time\n");
    else
      text += seconds_text(clock.largest) + in(language, "（", " (") + std::to_string(clock.lines) +
              in(language, " 行のうち最大、最小 ", " lines, the largest; the smallest ") +
              seconds_text(clock.smallest) + in(language, "）\n", ")\n");
  }
  return text;
}

std::string sources_text(const EvidenceSource& source) {
  if (source.log_sources.empty()) return {};
  std::string text =
      in(source.language, "取り出した時点のログの送り元:\n", "Log sources at the time of the export:\n");
  for (const LogSourceState& state : source.log_sources)
    text += "  " + field(log_source_text(state, source.site, source.language)) + "\n";
  return text;
}

std::string about_text(const EvidenceSource& source, const Lines& lines, const std::string& missing) {
  const Language language = source.language;
  const Zone& zone = source.site.zone;
  std::string text =
      source.site.name + in(language, " 事案 ", " incident ") + std::to_string(source.incident.number) +
      in(language, " の証拠\n\n", ": evidence\n\n") + in(language, "取り出した人: ", "Exported by: ") +
      person_text(source.site, source.person) + " (" + source.person + ")\n" +
      in(language, "取り出した時刻: ", "Exported at: ") + format_time(source.now, zone) + "\n" +
      in(language, "事案の発生: ", "Incident opened: ") + format_time(source.incident.opened, zone) + "\n" +
      in(language, "ログの行: ", "Log lines: ") + std::to_string(lines.count) + "\n" +
      in(language, "記録: ", "Records: ") + std::to_string(source.records.size()) + "\n" +
      in(language, "記録の設置番号: ", "Journal of the installation: ") + source.installation + "\n" +
      in(language, "記録の連鎖の末尾: ", "End of the journal's chain: ") +
      std::to_string(source.head.records) + " " + source.head.hash + "\n\n" + clocks_text(lines, language) +
      sources_text(source) + "\n" +
      in(language,
         "伏せ字のない原本である。照合: sha256sum -c SHA256SUMS\n"
         "lines.tsv: 行。journal.jsonl: 記録の原文（hash は連鎖の値）。report.*: 報告書（伏せ字あり）。\n",
         "These are unmasked originals. To check: sha256sum -c SHA256SUMS\n"
         "lines.tsv: the lines. journal.jsonl: the records as they are (hash: their place in the chain). "
         "report.*: the report (masked).\n");
  if (!missing.empty())
    text += in(language, "\nここに含まれない添付ファイル:\n", "\nAttached files that are not in here:\n") +
            missing;
  return text;
}

void add_attachments(const EvidenceSource& source, EvidenceParcel& parcel, std::string& missing) {
  std::set<std::string> done;
  for (const StepRecord& record : source.incident.records)
    for (const Attachment& file : record.what.attachments) {
      if (!done.insert(file.sha256).second) continue;
      const auto content = source.attachments.find(file.sha256);
      if (content == source.attachments.end()) {
        missing += "  " + field(file.name) + " (" + std::to_string(file.bytes) + " bytes, SHA-256 " +
                   file.sha256 + "): " + source.attachments_folder + "\n";
        continue;
      }
      parcel.files.emplace_back(
          "attachment-" + file.sha256.substr(0, digest_shown_in_a_name) + "-" + safe_name(file.name),
          content->second);
    }
}

}  // namespace

std::vector<std::string> attachment_digests(const IncidentPicture& incident) {
  std::vector<std::string> digests;
  for (const StepRecord& record : incident.records)
    for (const Attachment& file : record.what.attachments)
      if (std::ranges::count(digests, file.sha256) == 0) digests.push_back(file.sha256);
  return digests;
}

EvidenceParcel pack_evidence(const EvidenceSource& source) {
  EvidenceParcel parcel;
  const Lines lines = lines_of(source);
  parcel.lines = lines.count;
  std::string missing;
  parcel.files.emplace_back("lines.tsv", lines.text);
  parcel.files.emplace_back("journal.jsonl", journal_lines(source));
  parcel.files.emplace_back(
      "report.txt", paper_text(source.incident, source.site, source.procedures, source.now, source.language));
  parcel.files.emplace_back("report.html", paper_html(source.incident, source.site, source.procedures,
                                                      source.now, source.language));
  add_attachments(source, parcel, missing);
  parcel.files.emplace(parcel.files.begin(), "about.txt", about_text(source, lines, missing));
  std::string sums;
  for (const auto& [name, content] : parcel.files) sums += sha256_text(content) + "  " + name + "\n";
  parcel.digest = sha256_text(sums);
  parcel.files.emplace_back(evidence_sums_file, std::move(sums));
  return parcel;
}

std::string parcel_json(const EvidenceParcel& parcel, int incident) {
  json::array files;
  for (const auto& [name, content] : parcel.files)
    files.push_back({{"name", mend_utf8(name)}, {"base64", base64(content)}});
  return json_text(json::object{{"ok", true},
                                {"incident", incident},
                                {"lines", parcel.lines},
                                {"sha256", parcel.digest},
                                {"files", std::move(files)}}) +
         "\n";
}

Result<EvidenceParcel> parcel_from_json(const std::string& text) {
  const auto wrong = [] { return failure("", "the daemon's answer holds no evidence"); };
  json::error_code error;
  const json::value value = json::parse(text, error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::value* files = object ? object->if_contains("files") : nullptr;
  if (!files || !files->is_array()) return wrong();
  EvidenceParcel parcel;
  for (const json::value& file : files->get_array()) {
    const json::object* entry = file.if_object();
    const json::value* name = entry ? entry->if_contains("name") : nullptr;
    const json::value* content = entry ? entry->if_contains("base64") : nullptr;
    if (!name || !name->is_string() || !content || !content->is_string()) return wrong();
    auto bytes = from_base64(content->get_string());
    if (!bytes) return wrong();
    parcel.files.emplace_back(safe_name(std::string(name->get_string())), std::move(*bytes));
  }
  if (const json::value* digest = object->if_contains("sha256"); digest && digest->is_string())
    parcel.digest = digest->get_string();
  if (const json::value* lines = object->if_contains("lines"); lines && lines->is_int64())
    parcel.lines = static_cast<std::size_t>(lines->get_int64());
  return parcel;
}

Result<void> write_parcel(const EvidenceParcel& parcel, const std::string& folder) {
  std::error_code error;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failure(folder, std::strerror(errno));
  if (!std::filesystem::is_empty(folder, error) || error)
    return failure(folder, error ? error.message() : "the folder is not empty");
  for (const auto& [name, content] : parcel.files) {
    const std::string path = folder + "/" + name;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return failure(path, std::strerror(errno));
    bool written = true;
    for (std::size_t at = 0; written && at < content.size();) {
      const ssize_t bytes = ::write(file, content.data() + at, content.size() - at);
      written = bytes > 0 || errno == EINTR;
      if (bytes > 0) at += static_cast<std::size_t>(bytes);
    }
    const int why = errno;
    if (::close(file) != 0 || !written) return failure(path, std::strerror(why));
  }
  return {};
}

}  // namespace nethealth
