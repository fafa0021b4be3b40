#pragma once
// What leaves the journal as proof of an incident: its lines with file, position and time, its records with
// their hashes, the report, the files that were handed in, and the SHA-256 of each (`sha256sum -c`). Pure.

#include <string>
#include <utility>
#include <vector>

#include "agent/attachment_folder.hpp"
#include "agent/log_source_watch.hpp"
#include "agent/store.hpp"
#include "config/site.hpp"
#include "rules/picture.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

inline constexpr const char* evidence_sums_file = "SHA256SUMS";
inline constexpr std::size_t evidence_attachments_limit_bytes = std::size_t{20} * 1024 * 1024;

struct EvidenceSource {
  const Site& site;
  const Procedures& procedures;
  const IncidentPicture& incident;
  const std::vector<JournalRecord>& records;
  const AttachmentFolder::Files& attachments;  ///< content by digest
  std::string attachments_folder;
  std::string installation;
  ChainHead head;
  std::string person;  ///< who exports
  Time now;
  Language language = Language::ja;
  std::vector<LogSourceState> log_sources{};  ///< as they stand at the export
};

struct EvidenceParcel {
  std::vector<std::pair<std::string, std::string>> files;  ///< name and content; the list of sums is the last
  std::string digest;                                      ///< SHA-256 of the list of sums
  std::size_t lines = 0;
};

EvidenceParcel pack_evidence(const EvidenceSource& source);

/// The digests of all files that were handed in with the incident.
std::vector<std::string> attachment_digests(const IncidentPicture& incident);

/// {"files": [{"name", "base64"}...], ...} and back, for the way to the command line.
std::string parcel_json(const EvidenceParcel& parcel, int incident);
Result<EvidenceParcel> parcel_from_json(const std::string& text);

/// Into a folder that is made, or is empty. Files are for their owner only.
Result<void> write_parcel(const EvidenceParcel& parcel, const std::string& folder);

}  // namespace nethealth
