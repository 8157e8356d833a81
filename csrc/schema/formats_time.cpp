// date, time and date-time of RFC 3339, and duration of its appendix A.
#include "schema/formats.h"

namespace decodex {

namespace {

// Years from 0001 on.
ExprId any_year(const FormatText& t) {
  ExprId any = t.digit(), year = t.digit(1);
  for (uint32_t more = 1; more < 4; ++more)
    year = t.one_of({t.in_sequence({t.digit(1), t.exactly(any, more)}), t.in_sequence({t.digit(0, 0), year})});
  return year;
}

// Years divisible by 4, but whole centuries only by 400.
ExprId leap_year(const FormatText& t) {
  ExprId by_four = t.one_of({t.in_sequence({t.set("2468"), t.set("048")}), t.in_sequence({t.set("13579"), t.set("26")}),
                             t.in_sequence({t.set("0"), t.set("48")})});
  return t.one_of({t.in_sequence({t.exactly(t.digit(), 2), by_four}), t.in_sequence({by_four, t.literal("00")})});
}

ExprId fraction(const FormatText& t) { return t.optional(t.in_sequence({t.literal("."), t.some(t.digit())})); }

// Second 60 exists only at 23:59 UTC, so the hour and minute of the text settle the offset:
// after +hh:mm the text says 23:59 + hh:mm, after -hh:mm it says 23:59 - hh:mm.
ExprId leap_second(const FormatText& t) {
  const ExprId colon = t.literal(":"), plus = t.literal("+"), minus = t.literal("-"), part = fraction(t);
  std::vector<ExprId> hours;
  for (uint32_t hour = 0; hour < 24; ++hour) {
    std::vector<ExprId> minutes;
    for (uint32_t minute : {29u, 59u}) {
      const uint32_t ahead_minute = (minute + 1) % 60, ahead_hour = minute == 59 ? (hour + 1) % 24 : hour;
      ExprId ahead = t.in_sequence({plus, t.number(ahead_hour, ahead_hour, 2), colon, t.number(ahead_minute, ahead_minute, 2)});
      ExprId behind = t.in_sequence({minus, t.number(23 - hour, 23 - hour, 2), colon, t.number(59 - minute, 59 - minute, 2)});
      ExprId utc = hour == 23 && minute == 59 ? t.set("Zz") : kEmpty;
      minutes.push_back(t.in_sequence({t.number(minute, minute, 2), t.literal(":60"), part, t.one_of({ahead, behind, utc})}));
    }
    hours.push_back(t.in_sequence({t.number(hour, hour, 2), colon, t.one_of(minutes)}));
  }
  return t.one_of(hours);
}

}  // namespace

ExprId date_format(const FormatText& t) {
  const ExprId dash = t.literal("-");
  auto month = [&](std::initializer_list<ExprId> months, uint32_t days) {
    return t.in_sequence({t.one_of(months), dash, t.number(1, days, 2)});
  };
  auto one_in = [&](std::string_view tens, std::string_view units) { return t.in_sequence({t.literal(tens), t.set(units)}); };
  ExprId day = t.one_of({month({one_in("0", "13578"), one_in("1", "02")}, 31),
                         month({one_in("0", "469"), one_in("1", "1")}, 30), month({t.literal("02")}, 28)});
  return t.one_of({t.in_sequence({any_year(t), dash, day}), t.in_sequence({leap_year(t), t.literal("-02-29")})});
}

ExprId time_format(const FormatText& t) {
  const ExprId colon = t.literal(":"), hour = t.number(0, 23, 2), minute = t.number(0, 59, 2);
  ExprId offset = t.one_of({t.set("Zz"), t.in_sequence({t.set("+-"), hour, colon, minute})});
  ExprId usual = t.in_sequence({hour, colon, minute, colon, minute, fraction(t), offset});
  return t.one_of({usual, leap_second(t)});
}

ExprId date_time_format(const FormatText& t) { return t.in_sequence({date_format(t), t.set("Tt"), time_format(t)}); }

ExprId duration_format(const FormatText& t) {
  const ExprId digits = t.some(t.digit());
  auto count = [&](std::string_view unit, ExprId then = kEpsilon) {
    return t.in_sequence({digits, t.literal(unit), t.optional(then)});
  };
  ExprId minute = count("M", count("S"));
  ExprId time = t.in_sequence({t.literal("T"), t.one_of({count("H", minute), minute, count("S")})});
  ExprId month = count("M", count("D"));
  ExprId date = t.in_sequence({t.one_of({count("D"), month, count("Y", month)}), t.optional(time)});
  return t.in_sequence({t.literal("P"), t.one_of({date, time, count("W")})});
}

}  // namespace decodex
