<?php
// The board: what is on it, and a new notice.
const TITLE = 'Noticeboard';

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$board = new mysqli(getenv('MYSQL_HOST'), getenv('MYSQL_USER'), getenv('MYSQL_PASSWORD'), getenv('MYSQL_DATABASE'));
$board->query('CREATE TABLE IF NOT EXISTS notices (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(200) NOT NULL)');

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $notice = $board->prepare('INSERT INTO notices (text) VALUES (?)');
    $notice->execute([$_POST['text']]);
    http_response_code(201);
    header('Content-Type: application/json');
    exit(json_encode(['id' => $board->insert_id]));
}

echo '<link rel="stylesheet" href="/board.css"><h1>' . TITLE . '</h1><ul>';
foreach ($board->query('SELECT text FROM notices ORDER BY id DESC LIMIT 20') as $row) {
    echo '<li>' . htmlspecialchars($row['text']) . '</li>';
}
echo '</ul>';
