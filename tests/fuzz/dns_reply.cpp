// What comes back for a DNS question, A and AAAA.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>

#include "probes/dns_message.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const DnsType type : {DnsType::a, DnsType::aaaa}) {
    const auto answer = dns_answer(bytes, 0x1234, "cs-1.example.lg.jp", type);
    if (!answer) continue;
    must(answer->addresses.size() <= most_dns_addresses, "addresses are bounded");
    for (const std::string& address : answer->addresses)
      must(boost::asio::ip::make_address(address).to_string() == address, "an address is canonical");
  }
  return 0;
}
