// The only file that sees Hyperscan.

#include "rules/log_scanner.hpp"

#ifdef NETHEALTH_HYPERSCAN

#include <hs/hs.h>

#include <atomic>
#include <cstdint>
#include <new>

namespace nethealth {
namespace {

/// The memory that one scan needs. A thread has one, large enough for every database it has scanned with.
class Scratch {
 public:
  ~Scratch() { hs_free_scratch(scratch_); }
  hs_scratch_t* fit(const hs_database_t* database, std::uint64_t database_id) {
    if (fitted_to_ == database_id) return scratch_;
    if (hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) throw std::bad_alloc();
    fitted_to_ = database_id;
    return scratch_;
  }

 private:
  hs_scratch_t* scratch_ = nullptr;
  std::uint64_t fitted_to_ = 0;
};

class HyperscanLiterals : public LiteralScanner {
 public:
  explicit HyperscanLiterals(hs_database_t* database) : database_(database), id_(++last_id_) {}
  ~HyperscanLiterals() override { hs_free_database(database_); }
  HyperscanLiterals(const HyperscanLiterals&) = delete;
  HyperscanLiterals& operator=(const HyperscanLiterals&) = delete;

  void scan(std::string_view line, std::vector<int>& found) const override {
    thread_local Scratch scratch;
    const auto on_found = [](unsigned int literal, unsigned long long, unsigned long long, unsigned int,
                             void* to) {
      static_cast<std::vector<int>*>(to)->push_back(static_cast<int>(literal));
      return 0;
    };
    hs_scan(database_, line.data(), static_cast<unsigned int>(line.size()), 0, scratch.fit(database_, id_),
            on_found, &found);
  }

 private:
  inline static std::atomic<std::uint64_t> last_id_{0};
  hs_database_t* database_;
  std::uint64_t id_;  ///< never given twice, unlike an address
};

}  // namespace

std::unique_ptr<LiteralScanner> make_hyperscan_literals(const std::vector<std::string>& literals) {
  if (hs_valid_platform() != HS_SUCCESS || literals.empty()) return nullptr;
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  // One occurrence is enough, and lets the engine stop early.
  const std::vector<unsigned int> flags(literals.size(), HS_FLAG_SINGLEMATCH | HS_FLAG_CASELESS);
  std::vector<unsigned int> ids;
  for (const std::string& literal : literals) {
    ids.push_back(static_cast<unsigned int>(ids.size()));
    texts.push_back(literal.c_str());
    lengths.push_back(literal.size());
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), lengths.data(),
                           static_cast<unsigned int>(texts.size()), HS_MODE_BLOCK, nullptr, &database,
                           &error) == HS_SUCCESS)
    return std::make_unique<HyperscanLiterals>(database);
  hs_free_compile_error(error);
  return nullptr;
}

}  // namespace nethealth

#else

namespace nethealth {

std::unique_ptr<LiteralScanner> make_hyperscan_literals(const std::vector<std::string>&) {
  return nullptr;
}

}  // namespace nethealth

#endif
