using Skein.Cli.Repl;
using Skein.Core;
using Skein.Core.Events;

namespace Skein.Tests.Cli.Repl;

public sealed class LiveRowsTests
{
    [Theory]
    [InlineData("make *", "? y once · a always (make *) · n no", null)]
    [InlineData(
        "Bash(make all the geese of the pond), work in /srv/far/away", "? y once · a always (Bash(make all the geese of the pond), w…) · n no",
        "Bash(make all the geese of the pond), work in /srv/far/away")]
    public void How_a_question_can_be_answered_fits_a_row_and_what_always_allows_is_told_whole(string pattern, string row, string? above)
    {
        var ids = new IdSource(TimeProvider.System);
        var asked = new PermissionAsked(ids.Next<PermissionId>(), ids.Next<TurnId>(), "call", "Bash", "Bash make", "", pattern);

        Assert.Equal((row, above), (string.Concat(LiveRows.Question(asked).Select(p => p.Item1)), LiveRows.LongPattern(asked)));
    }
}
