#include "otelpipe/timeparse/severity.h"

#include <catch2/catch.hpp>
#include <string>

namespace otelpipe::timeparse {

TEST_CASE("presets map names and numbers", "[unit][severity]") {
  const SeverityMapping preset = SeverityMapping::ForPreset("default");
  CHECK(preset.NumberForText("trace") == 1);
  CHECK(preset.NumberForText("INFO2") == 10);
  CHECK(preset.NumberForText("Fatal4") == 24);
  CHECK(preset.NumberForText("WARNING") == 13);
  CHECK(preset.NumberForText("err4") == 20);
  CHECK(preset.NumberForText("24") == 24);
  CHECK(preset.NumberForText(" info") == 0);
  CHECK(preset.NumberForText("critical") == 0);
  CHECK(preset.NumberForText("0") == 0);
  CHECK(preset.NumberForText("default") == 0);
  CHECK(preset.NumberForInt(9) == 9);
  CHECK(preset.NumberForInt(25) == 0);
  CHECK(SeverityMapping::ForPreset("aliases").NumberForText("warning") == 0);
  CHECK(SeverityMapping::ForPreset("otel").NumberForText("warn") == 13);
  CHECK(SeverityMapping::ForPreset("nonsense").NumberForText("warning") == 13);
  CHECK(SeverityMapping::ForPreset("none").NumberForText("info") == 0);
}

TEST_CASE("mapping keys are names or numbers, anything else is 0", "[unit][severity]") {
  CHECK(SeverityMapping::NumberOf("Warn2") == 14);
  CHECK(SeverityMapping::NumberOf("9") == 9);
  CHECK(SeverityMapping::NumberOf("default") == 0);
  CHECK(SeverityMapping::NumberOf("warning") == 0);
}

TEST_CASE("mapping entries override the preset", "[unit][severity]") {
  SeverityMapping mapping = SeverityMapping::ForPreset("default");
  mapping.Add(21, "ERROR");
  mapping.Add(9, "2xx");
  mapping.Add(10, "2XX");
  mapping.Add(9, "1xx");
  mapping.AddRange(13, 5, 4);
  mapping.AddRange(17, 1000, 1000000000);
  mapping.AddInt(18, 77);
  mapping.Add(5, "\xC3\x89" "CHEC");
  CHECK(mapping.NumberForText("error") == 21);
  CHECK(mapping.NumberForInt(200) == 9);
  CHECK(mapping.NumberForText("299") == 9);
  CHECK(mapping.NumberForInt(300) == 0);
  CHECK(mapping.NumberForText("2xx") == 10);
  CHECK(mapping.NumberForText("1xx") == 9);
  CHECK(mapping.NumberForInt(4) == 13);
  CHECK(mapping.NumberForInt(5) == 13);
  CHECK(mapping.NumberForInt(6) == 6);
  CHECK(mapping.NumberForInt(999999999) == 17);
  CHECK(mapping.NumberForText("1000") == 17);
  CHECK(mapping.NumberForText("01000") == 0);
  CHECK(mapping.NumberForText("77") == 18);
  CHECK(mapping.NumberForText("\xC3\xA9" "chec") == 5);
}

TEST_CASE("lookups keep the value as text", "[unit][severity]") {
  const SeverityMapping mapping = SeverityMapping::ForPreset("default");
  CHECK(mapping.LookupText("WaRn").number == 13);
  CHECK(mapping.LookupText("WaRn").text == "WaRn");
  CHECK(mapping.LookupInt(-3).text == "-3");
  REQUIRE(mapping.LookupDouble(9.0).ok());
  CHECK(mapping.LookupDouble(9.0)->number == 9);
  CHECK(mapping.LookupDouble(9.0)->text == "9");
  CHECK(mapping.LookupDouble(9.5).status().message() ==
        "type float64 cannot be a severity unless it is a whole number");
  CHECK_FALSE(mapping.LookupDouble(1e300).ok());
  CHECK(SeverityShortName(14) == "WARN2");
  CHECK(SeverityShortName(0).empty());
  CHECK(SeverityShortName(25).empty());
}

}  // namespace otelpipe::timeparse
