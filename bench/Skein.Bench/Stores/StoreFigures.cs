namespace Skein.Bench.Stores;

/// <summary>What one store does in how many seconds.</summary>
/// <param name="Added">Messages a second, each when the one before was acknowledged.</param>
/// <param name="Open">All messages of a session of 10,000.</param>
/// <param name="Fork">Of a session of 1,000 messages; null: it has no forks.</param>
/// <param name="Bytes">On the disk, of the session of 10,000 messages.</param>
internal sealed record StoreFigures(double Added, double Open, double List1000, double List10000, double? Fork, long Bytes);
