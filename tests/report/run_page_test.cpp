// The page of a run.

#include <catch2/catch.hpp>

#include "brink/base/error.hpp"
#include "brink/report/atomic_file.hpp"
#include "brink/report/run_page.hpp"
#include "report/scratch.hpp"
#include "report/svg_inlining.hpp"

using namespace brink;
using Catch::Contains;

namespace {

/// A run with a table, a figure, a warning and markup in every text.
RunDirectory invented(const std::filesystem::path& path) {
  RunDirectory run = RunDirectory::create(path / "a_run", "[model]\nkind = \"<b>\"\n");
  run.write("tables/rows.csv", "name,eta\n\"x, <y> & \"\"z\"\"\",0.12345678\nplain_name,1.5e-09\n");
  run.write("figures/curve.csv", "x\n1\n");
  run.write("figures/curve.svg",
            "<?xml version='1.0'?><svg id='a'><script>alert(1)</script><path d='M0' clip-path='url(#c)' "
            "onload='alert(2)'/><clipPath id=\"c\"/></svg>");
  run.write("figures/undrawn.csv", "x\n1\n");
  run.finish(R"({"schema":"brink.verify/1","agree":true,"cells":[{"warnings":["beware of <script>"]}]})",
             R"({"schema":"brink.provenance/1","command":"brink verify a.toml","threads":2,"configuration":"…"})");
  return run;
}

}  // namespace

TEST_CASE("CSV text becomes a table", "[report][fast]") {
  const TextTable table = read_text_table("t", "a,b\r\n\"x,\"\"y\n\",1\n,2e-3");
  CHECK(table.header == std::vector<std::string>{"a", "b"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0][0] == "x,\"y\n");
  CHECK(table.is_numeric(1));
  CHECK_FALSE(table.is_numeric(0));
  CHECK_THROWS_AS(read_text_table("t", "a,b\n1\n"), InvalidInput);
  CHECK_THROWS_AS(read_text_table("t", "a,b\n\"1,2\n"), InvalidInput);
}

TEST_CASE("a page holds what the run has, and nothing that runs or is fetched", "[report][fast]") {
  const test::Scratch scratch;
  const RunPage page = read_run_page(invented(scratch.path()));
  CHECK(page.title == "a_run");
  CHECK(page.rerun == "brink verify a.toml");
  const std::string html = page_html(page);
  CHECK_THAT(html, Contains("agree with simulated trajectories?"));
  CHECK_THAT(html, Contains("x, &lt;y&gt; &amp; &quot;z&quot;"));
  CHECK_THAT(html, Contains("0.12346") && Contains("1.5e-09"));
  CHECK_THAT(html, Contains("beware of &lt;script&gt;"));
  CHECK_THAT(html, Contains("kind = &quot;&lt;b&gt;&quot;"));
  CHECK_THAT(html, Contains("id='f1-a'") && Contains("url(#f1-c)") && Contains("id=\"f1-c\""));
  CHECK_THAT(html, Contains("undrawn: not drawn"));
  CHECK_THAT(html, !Contains("alert") && !Contains("<script") && !Contains("http") && !Contains("<?xml"));
  const std::string markdown = page_markdown(page);
  CHECK_THAT(markdown, Contains("![curve](figures/curve.svg)"));
  CHECK_THAT(markdown, Contains("| name | eta |\n| --- | ---: |"));
}

TEST_CASE("a page needs a run that is complete", "[report][fast]") {
  const test::Scratch scratch;
  const RunDirectory run = RunDirectory::create(scratch.path() / "r", "[model]\n");
  CHECK_THROWS_AS(read_run_page(run), InvalidInput);
}

TEST_CASE("long tables are cut on the page, and say so", "[report][fast]") {
  RunPage page;
  page.tables.push_back({"long", {"x"}, {}});
  for (std::size_t i = 0; i < kRowsOnPage + 5; ++i) page.tables[0].rows.push_back({std::to_string(i)});
  CHECK_THAT(page_html(page), Contains("60 of 65 rows") && Contains("<td class=\"number\">59</td>") &&
                                  !Contains("<td class=\"number\">60</td>"));
  CHECK_THAT(page_markdown(page), Contains("60 of 65 rows"));
}

TEST_CASE("LaTeX tables escape text and set numbers", "[report][fast]") {
  const TextTable table = read_text_table("t", "a_b,eta\n50% & more,0.12345678\n{x},1.5e-09\n,\n");
  const std::string latex = latex_table(table, "100%");
  CHECK_THAT(latex, Contains("\\caption{100\\%}") && Contains("{lr}"));
  CHECK_THAT(latex, Contains("a\\_b & eta \\\\"));
  CHECK_THAT(latex, Contains("50\\% \\& more & $0.1235$ \\\\"));
  CHECK_THAT(latex, Contains("\\{x\\} & $1.5 \\times 10^{-9}$ \\\\"));
}

TEST_CASE("drawings bring no script, no handler and no reference to the outside", "[report][fast]") {
  CHECK(inlined_svg("no drawing", "p-").empty());
  CHECK(inlined_svg("<svg><g>", "p-").empty());
  CHECK(inlined_svg("<svg a='>", "p-").empty());
  CHECK(inlined_svg("<!DOCTYPE x><svg><g/></svg> after", "p-") == "<svg><g/></svg>");
  CHECK(inlined_svg("<svg><use xlink:href='#m'/></svg>", "p-") == "<svg><use xlink:href='#p-m'/></svg>");
  CHECK(inlined_svg("<svg><image HREF=\"http://x\" width=\"1\"/></svg>", "p-") == "<svg><image width=\"1\"/></svg>");
  CHECK(inlined_svg("<svg><a ONCLICK='f()' style='fill:url(http://x)' x='1'>t</a></svg>", "p-") ==
        "<svg><a x='1'>t</a></svg>");
  CHECK(inlined_svg("<svg><SCRIPT>x</SCRIPT><style>@import 'x'</style><g/></svg>", "p-") == "<svg><g/></svg>");
  CHECK(inlined_svg("<svg><script>never closed</svg>", "p-").empty());
  CHECK(inlined_svg("<svg><svg/><svg></svg></svg>", "p-") == "<svg><svg/><svg></svg></svg>");
}
